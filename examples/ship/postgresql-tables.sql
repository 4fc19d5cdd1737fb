-- The table for postgresql.sh. Lines are bytes, whatever the encoding of the database.
CREATE TABLE lines (
    instance text NOT NULL,
    directory text NOT NULL,
    batch bigint NOT NULL,
    crc text NOT NULL,
    line integer NOT NULL,
    host text NOT NULL,
    service text NOT NULL,
    text bytea NOT NULL,
    PRIMARY KEY (instance, directory, batch, crc, line)
);
