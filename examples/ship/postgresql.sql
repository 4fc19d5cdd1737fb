-- Takes a batch of lines from postgresql.sh. The whole script is one transaction.
CREATE TEMPORARY TABLE incoming (line serial, text bytea) ON COMMIT DROP;
\copy incoming (text) FROM pstdin
-- A pipe that broke has given a part of the batch. Then this divides by zero, and nothing was done.
SELECT 1 / (count(*) = :lines)::integer AS whole FROM incoming;
INSERT INTO lines
    SELECT :'instance', :'directory', :number, :'crc', line, :'host', :'service', text FROM incoming
    ON CONFLICT DO NOTHING;
