-- MariaDB 10.11, --binlog-row-metadata=FULL; mariadb1011-bin.000020 up to FLUSH, 000021 up to the server's end.
reset master;
create database shop; use shop;
set global log_bin_compress=1, log_bin_compress_min_len=10;
create table note (id int unsigned not null auto_increment primary key, body varchar(400) character set utf8mb4, doc blob, colour enum('red','green'), parts set('a','b','c'));
insert into note (body, doc, colour, parts) values (repeat('compressed ', 30), repeat('d', 300), 'green', 'a,c'), ('short', null, null, '');
update note set doc = repeat('e', 300) where id = 1;
delete from note;
set global log_bin_compress=0;
flush binary logs;
set session binlog_format=STATEMENT;
create table loaded (a int auto_increment primary key, b varchar(20));
load data local infile 'ld.txt' into table loaded (a, @b) set b = upper(@b);
insert into loaded (b) values (rand());
