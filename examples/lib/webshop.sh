# shellcheck shell=bash
# A small web-shop: the database shop_<shard> on each source, and the table shop.orders which both sources have and which
# the target holds once, with the rows of both.

# open_shop WORK SHARD ORDERS
open_shop() {
  local work=$1 shard=$2 orders=$3 first=1000000000
  [[ $shard == eu ]] || first=2000000000
  mariadb --no-defaults -uroot --socket="$work/$shard.sock" --default-character-set=utf8mb4 <<SQL
CREATE DATABASE shop_$shard CHARACTER SET utf8mb4;
USE shop_$shard;
CREATE TABLE customer (
  id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL, country CHAR(2) CHARACTER SET ascii,
  born DATE, rank ENUM('new','regular','gold') NOT NULL DEFAULT 'new', wants SET('mail','post','phone'),
  newsletter BOOL NOT NULL DEFAULT FALSE, member_since YEAR, address INET6, token UUID,
  joined TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), secret INT INVISIBLE DEFAULT 42, KEY (name));
CREATE TABLE product (
  sku VARBINARY(16) PRIMARY KEY, title VARCHAR(200) NOT NULL, price DECIMAL(10,2) NOT NULL, weight DOUBLE,
  picture MEDIUMBLOB, description TEXT, attributes JSON, stock SMALLINT UNSIGNED NOT NULL DEFAULT 1000,
  rating FLOAT, flags BIT(12), place POINT, gross DECIMAL(12,4) AS (price * 1.19) STORED,
  label VARCHAR(220) AS (CONCAT(UPPER(title), '!')) VIRTUAL);
CREATE TABLE order_line (
  order_id BIGINT UNSIGNED, line TINYINT, sku VARBINARY(16) NOT NULL, pieces MEDIUMINT NOT NULL,
  PRIMARY KEY (order_id, line), FOREIGN KEY (sku) REFERENCES product (sku));
CREATE TABLE click (at DATETIME(6), page VARCHAR(200), seconds FLOAT, pause TIME(3), note TEXT COMPRESSED);
CREATE TABLE counter (what VARCHAR(20) PRIMARY KEY, n BIGINT NOT NULL);
INSERT INTO counter VALUES ('orders', 0), ('clicks', 0);
CREATE VIEW gold AS SELECT id, name FROM customer WHERE rank = 'gold';

CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4;
CREATE TABLE IF NOT EXISTS shop.orders (
  id BIGINT UNSIGNED PRIMARY KEY, region CHAR(2) NOT NULL, customer INT UNSIGNED NOT NULL,
  state ENUM('open','paid','sent') NOT NULL, total DECIMAL(12,2) NOT NULL, at DATETIME(3) NOT NULL);

INSERT INTO customer (name, country, born, rank, wants, newsletter, member_since, address, token)
  SELECT CONCAT(ELT(1 + seq % 6, 'Åsa', 'Zoë', 'José', '美咲', 'Иван', 'O''Neil 😀'), ' ', seq),
    IF(seq % 7, ELT(1 + seq % 4, 'SE', 'DE', 'JP', 'US'), NULL), '1950-01-01' + INTERVAL seq * 17 DAY, 1 + seq % 3,
    seq % 8, seq % 2, 1990 + seq % 35, CONCAT('2001:db8::', HEX(seq)), UUID()
  FROM seq_1_to_500;
INSERT INTO product (sku, title, price, weight, picture, description, attributes, rating, flags, place)
  SELECT CONCAT('sku-', seq), CONCAT('Article № ', seq), seq * 1.37, RAND(seq), REPEAT(UNHEX(MD5(seq)), 50),
    IF(seq % 5, REPEAT('très bien ', seq), NULL), JSON_OBJECT('colour', ELT(1 + seq % 3, 'rot', 'grün', 'blau'),
    'sizes', JSON_ARRAY(seq, seq / 4)), RAND(seq + 1) * 5, seq, POINT(seq, -seq / 3)
  FROM seq_1_to_200;
DELIMITER //
CREATE PROCEDURE shop_for(IN visits INT)
BEGIN
  DECLARE number BIGINT UNSIGNED;
  DECLARE visit INT DEFAULT 0;
  WHILE visit < visits DO
    SET visit = visit + 1;
    START TRANSACTION;
    UPDATE counter SET n = n + 1 WHERE what = 'orders';
    SELECT $first + n INTO number FROM counter WHERE what = 'orders';
    INSERT INTO order_line SELECT number, seq, CONCAT('sku-', 1 + FLOOR(RAND() * 200)), 1 + FLOOR(RAND() * 9)
      FROM seq_1_to_3;
    UPDATE product JOIN order_line USING (sku) SET stock = IF(stock > pieces, stock - pieces, 1000)
      WHERE order_id = number;
    INSERT INTO shop.orders SELECT number, '$shard', 1 + number % 500, 'open', SUM(pieces * price), NOW(3)
      FROM order_line JOIN product USING (sku) WHERE order_id = number;
    COMMIT;
    UPDATE shop.orders SET state = 'paid' WHERE id = number - 3;
    UPDATE shop.orders SET state = 'sent' WHERE id = number - 9;
    INSERT INTO click VALUES (NOW(6), '/basket', RAND() * 60, SEC_TO_TIME(-visit / 7), REPEAT('note ', visit)),
      (NOW(6), NULL, NULL, NULL, NULL);
    IF visit % 20 = 0 THEN
      DELETE FROM order_line WHERE order_id < number - 2000;
      DELETE FROM click ORDER BY at LIMIT 5;
      UPDATE customer SET rank = 'gold', wants = NULL WHERE id = 1 + number % 500;
    END IF;
  END WHILE;
END //
DELIMITER ;
CALL shop_for($orders);
SQL
}

# go_shopping WORK SHARD: until the file WORK/closing-time is there. Some statements travel as rows, some as text, and
# now and then the schema changes.
go_shopping() {
  local work=$1 shard=$2 visit=0
  while [[ ! -e $work/closing-time ]]; do
    visit=$((visit + 1))
    echo "SET SESSION binlog_format=ROW; CALL shop_for(25);"
    echo "SET SESSION binlog_format=STATEMENT; UPDATE counter SET n = n + 1 WHERE what = 'clicks';"
    if ((visit % 10 == 5)); then
      echo "DROP TABLE IF EXISTS \`campaign_$((visit - 10))\`;"
      echo "CREATE TABLE campaign_$visit (id INT PRIMARY KEY, code VARCHAR(40)) AS SELECT seq AS id, MD5(seq) AS code FROM seq_1_to_50;"
      echo "ALTER TABLE campaign_$visit ADD COLUMN used INT NOT NULL DEFAULT $visit, ADD KEY (code);"
    fi
    sleep 0.1
  done | mariadb --no-defaults -uroot --socket="$work/$shard.sock" --default-character-set=utf8mb4 "shop_$shard"
}

# digest WORK SERVER DATABASE TABLE [CONDITION]: the number of rows, and a sum over a hash of each row's values.
digest() {
  local columns
  columns=$(server_sql "$1" "$2" "SELECT GROUP_CONCAT(CONCAT('IFNULL(CONCAT(\'=\',',
      IF(data_type IN ('float', 'double'), CONCAT('CAST(\`', column_name, '\` AS DOUBLE)'), CONCAT('\`', column_name, '\`')),
      '),\'NULL\')') ORDER BY ordinal_position)
    FROM information_schema.columns WHERE table_schema='$3' AND table_name='$4'" --raw)
  server_sql "$1" "$2" "SELECT COUNT(*), SUM(CAST(CONV(LEFT(h, 15), 16, 10) AS DECIMAL(20))) FROM
    (SELECT MD5(CONCAT_WS('|', $columns)) AS h FROM \`$3\`.\`$4\` WHERE ${5:-TRUE}) AS hashed"
}

# Prints one line for each table of both shards; fails when one differs.
compare_shops() {
  local work=$1 shard database table condition there here equal=0
  printf '  %-6s %-26s %10s %10s  %s\n' source table rows 'in target' content
  for shard in eu us; do
    while read -r database table; do
      condition=TRUE
      [[ $database != shop ]] || condition="region='$shard'"
      there=$(digest "$work" "$shard" "$database" "$table" "$condition")
      here=$(digest "$work" target "$database" "$table" "$condition")
      printf '  %-6s %-26s %10s %10s  %s\n' "$shard" "$database.$table" "${there%%$'\t'*}" "${here%%$'\t'*}" \
        "$([[ $there == "$here" ]] && echo equal || echo DIFFERENT)"
      [[ $there == "$here" ]] || equal=1
    done < <(server_sql "$work" "$shard" "SELECT table_schema, table_name FROM information_schema.tables
               WHERE table_schema IN ('shop', 'shop_$shard') AND table_type = 'BASE TABLE' ORDER BY 1, 2")
  done
  return "$equal"
}
