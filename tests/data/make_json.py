#!/usr/bin/python3
"""Makes tests/data/json/documents.tsv and changes.tsv from a real MySQL 9.7: binary JSON out of its binary log, beside the text that the
server itself prints for it.

documents.tsv: how it was made ("text": from a JSON text, "value": by functions), the binary form in hexadecimal, the text.
changes.tsv:   document before, changes of a PARTIAL_UPDATE_ROWS event, both in hexadecimal, the text of the document after."""

import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "lib"))
# pylint: disable=wrong-import-position
import servers  # noqa: E402

TEXTS = [
    "null", "true", "false", "0", "-1", "32767", "-32768", "32768", "-32769", "2147483647", "-2147483648", "2147483648",
    "4294967295", "4294967296", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "18446744073709551615",
    "18446744073709551616", "-9223372036854775809", "-0", "-0.0", "1.0", "0.1", "1e14", "1e15", "1.5e15", "123456789012345.6", "1e-14",
    "1e-15", "1e-16", "1.25e-15", "1e100", "-1.7976931348623157e308", "5e-324", "2.2250738585072014e-308", "0.30000000000000004",
    "100000000000000.5", '""', '"ü€😀"', r'"\u0000\u0001\u001f\u007f\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"', "[]", "{}", "[[]]", "[{}, []]",
    '{"b": 1, "a": [true, null, 1.5, "ü"], "aa": {}, "ä": -40000, "": 70000}', '{"a": 1, "b": 2, "a": 3}',
    "[1, 65535, 65536, 4294967296, -2147483649, true]", "[" * 99 + "{}" + "]" * 99, "[" * 100 + "1" + "]" * 100,
    '"' + "x" * 127 + '"', '"' + "x" * 128 + '"', "[" + ", ".join(str(n * 1000) for n in range(300)) + "]",
]
# Larger than what small containers can hold: too long to be stored beside the others, so made and compared by their sizes.
LONG_TEXTS = ['["' + "x" * 65519 + '"]', '["' + "x" * 65520 + '"]', '["' + "x" * 65521 + '"]', '["' + "x" * 65522 + '"]',
              '{"k": [70000, -70000, "' + "y" * 70000 + '"], "n": {"m": [1, 2]}}']
VALUES = [
    "JSON_ARRAY(0.50, -1234.5600, 99999999999999999999.5)", "JSON_OBJECT('d', DATE'2020-01-02', 't', TIME'-12:34:56.7')",
    "JSON_ARRAY(TIMESTAMP'2020-01-02 03:04:05.123', TIMESTAMP'9999-12-31 23:59:59.999999', TIME'838:59:59')",
    "JSON_ARRAY(x'00ff', b'101', REPEAT(x'01', 57), REPEAT(x'02', 58), REPEAT(x'03', 200))",
    "JSON_ARRAY(CAST(2020 AS YEAR), CAST('x' AS BINARY), ST_AsWKB(Point(1,2)))", "CAST(CAST(1.5 AS DECIMAL(5,2)) AS JSON)",
    "CAST(TIMESTAMP'2020-01-02 03:04:05' AS JSON)", "CAST(x'4142' AS JSON)",
]
CHANGES = [
    ('{"a":{"b":[1,2,3]}, "long": "@"}', ["JSON_SET(JSON_REMOVE(j,'$.a.b[0]'),'$.a.b[0]',77,'$.zz','new')"]),
    ('{"a":1,"b":2,"c":3, "long": "@"}', ["JSON_REMOVE(j,'$.b')", "JSON_SET(j,'$.d',JSON_OBJECT('x',CAST('[1,2]' AS JSON)))",
                                          "JSON_REPLACE(j,'$.a',1.5)", "JSON_SET(j,'$.d.x[5]','beyond')"]),
    ('["@",1,2,3]', ["JSON_SET(j,'$[1]','one','$[9]',4)", "JSON_REMOVE(j,'$[1]','$[1]')", "JSON_SET(j,'$[1]',CAST('{}' AS JSON))"]),
    ('{"long": "@", "a b":1, "q\\"u":[{"x":1}], "ü":null, "p.q":2}',
     ["JSON_SET(j,'$.\"a b\"',2,'$.\"q\\\\\"u\"[0].x',3,'$.ü','ü','$.\"p.q\"',true)", "JSON_REMOVE(j,'$.\"q\\\\\"u\"[0]')"]),
    ('{"long": "@", "s": 5}', ["JSON_SET(j,'$.s[0]',6)", "JSON_SET(j,'$.s[3]',7)", "JSON_REPLACE(j,'$.s[last]',TIME'10:11:12')",
                             "JSON_REMOVE(j,'$.s[last-1]')", "JSON_SET(j,'$.s[last]',8)",
                             "JSON_SET(j,'$.s[5]',9)"]),
    ('{"long": "@", "n": 5}', ["JSON_SET(j,'$.n',6)", "JSON_SET(j,'$.n',5)"]),
]


def events(server, file, start):
    data = (server.datadir / file).read_bytes()
    while start < len(data):
        kind = data[start + 4]
        size = struct.unpack_from("<I", data, start + 9)[0]
        yield kind, data[start + 19:start + size - 4]  # without its CRC32
        start += size


def rows_of(body):
    """What stands behind the bitmaps of a row event of version 2 on a table of few columns."""
    at = 8 + struct.unpack_from("<H", body, 8)[0]
    return body[at + 1:]  # behind the number of columns


def documents(server, statements):
    file, start = server.position()
    server.run("USE d", "SET NAMES utf8mb4", *statements)
    for kind, body in events(server, file, int(start)):
        if kind == 30:  # WRITE_ROWS: one bitmap, nulls, length, document
            row = rows_of(body)[2:]
            yield row[4:]


def changes(server, document, updates):
    """One PARTIAL_UPDATE_ROWS each, with full before images."""
    server.run("USE d", "TRUNCATE t", f"INSERT INTO t VALUES ('{document}')".replace("\\", "\\\\"))
    for update in updates:
        file, start = server.position()
        server.run("USE d", "SET NAMES utf8mb4, binlog_row_value_options=PARTIAL_JSON", f"UPDATE t SET j={update}")
        for kind, body in events(server, file, int(start)):
            if kind == 39:
                row = rows_of(body)[2:]
                before = struct.unpack_from("<I", row, 1)[0]
                after = row[5 + before:]
                assert after[:2] == b"\1\1", after[:8].hex()  # PARTIAL_JSON, and the one column is partial
                yield row[5:5 + before], after[7:], server.value("SELECT CAST(j AS CHAR) FROM d.t")


def main():
    directory = Path(__file__).resolve().parent / "json"
    server = servers.source("json", 1, product="mysql-9.7").start()
    try:
        server.run("CREATE DATABASE d", "CREATE TABLE d.t (j JSON)")
        with open(directory / "documents.tsv", "w", encoding="utf8") as out:
            for kind, inserts in (("text", ["'" + text.replace("\\", "\\\\") + "'" for text in TEXTS]), ("value", VALUES)):
                for value in inserts:
                    server.run("TRUNCATE d.t")
                    (document,) = documents(server, [f"INSERT INTO t VALUES ({value})"])
                    print(kind, document.hex(), server.value("SELECT CAST(j AS CHAR) FROM d.t"), sep="\t", file=out)
            for text in LONG_TEXTS:
                (document,) = documents(server, [f"INSERT INTO t VALUES ('{text}')"])
                head = document[:40].hex()
                print("long", f"{len(document)}:{head}", text.replace("x" * 1000, "@X@").replace("y" * 1000, "@Y@"), sep="\t", file=out)
        with open(directory / "changes.tsv", "w", encoding="utf8") as out:
            for document, updates in CHANGES:
                for before, diffs, after in changes(server, document.replace("@", "x" * 100), updates):
                    print(before.hex(), diffs.hex(), after, sep="\t", file=out)
    finally:
        server.destroy()


if __name__ == "__main__":
    main()
