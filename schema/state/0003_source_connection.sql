-- How a channel connects to its source, beside host, port and account (CHANGE MASTER's options of these names).
ALTER TABLE channel ADD COLUMN ssl INTEGER NOT NULL DEFAULT 0 CHECK (ssl IN (0, 1));
ALTER TABLE channel ADD COLUMN ssl_ca TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN ssl_capath TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN ssl_cert TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN ssl_key TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN ssl_cipher TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN ssl_crl TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN ssl_crlpath TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN ssl_verify_server_cert INTEGER NOT NULL DEFAULT 0 CHECK (ssl_verify_server_cert IN (0, 1));
ALTER TABLE channel ADD COLUMN tls_version TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN public_key_path TEXT NOT NULL DEFAULT '';
ALTER TABLE channel ADD COLUMN get_public_key INTEGER NOT NULL DEFAULT 0 CHECK (get_public_key IN (0, 1));
ALTER TABLE channel ADD COLUMN compression_algorithms TEXT NOT NULL DEFAULT 'uncompressed';
ALTER TABLE channel ADD COLUMN bind TEXT NOT NULL DEFAULT '';
