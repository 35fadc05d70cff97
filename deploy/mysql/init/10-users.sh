# Sourced once by the image's entry script, as root of the database, when the data folder is
# new: who migrates may change tables, who serves may not, and health
# checks may do nothing.

tally_owner_password=$(cat /run/secrets/mysql-owner-password)
tally_password=$(cat /run/secrets/mysql-password)
docker_process_sql --database=mysql <<SQL
CREATE USER 'tally_owner'@'%' IDENTIFIED BY '${tally_owner_password}';
GRANT ALL ON tally.* TO 'tally_owner'@'%';
CREATE USER 'tally'@'%' IDENTIFIED BY '${tally_password}';
GRANT SELECT, INSERT, UPDATE, DELETE ON tally.* TO 'tally'@'%';
CREATE USER 'probe'@'127.0.0.1' IDENTIFIED BY '';
SQL
unset tally_owner_password tally_password
