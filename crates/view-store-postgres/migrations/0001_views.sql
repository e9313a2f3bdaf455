-- What a view store keeps beside the views' own tables. Everything is in one schema, which the store's URL names.
-- All of it is disposable: it is rebuilt from the log.

CREATE TABLE snaglog_views (
    view text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    tables text[] NOT NULL,
    shape text NOT NULL,
    in_use_until timestamptz NOT NULL,
    PRIMARY KEY (view, version)
);
COMMENT ON TABLE snaglog_views IS 'The views whose tables are here.';
COMMENT ON COLUMN snaglog_views.view IS 'Its name.';
COMMENT ON COLUMN snaglog_views.version IS 'Which version of it.';
COMMENT ON COLUMN snaglog_views.tables IS 'The names of its tables.';
COMMENT ON COLUMN snaglog_views.shape IS 'What they were described as.';
COMMENT ON COLUMN snaglog_views.in_use_until IS 'Nodes say so again and again; what nobody uses is dropped.';

-- Few rows, each written with every batch: room for the next version of a row beside it.
CREATE TABLE snaglog_checkpoints (
    view text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    leaf bytea NOT NULL CHECK (octet_length(leaf) = 32),
    PRIMARY KEY (view, version, partition)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE snaglog_checkpoints IS 'How far each view has come in each partition of the log.';
COMMENT ON COLUMN snaglog_checkpoints.view IS 'The view''s name.';
COMMENT ON COLUMN snaglog_checkpoints.version IS 'Which version of it.';
COMMENT ON COLUMN snaglog_checkpoints.partition IS 'The log''s partition.';
COMMENT ON COLUMN snaglog_checkpoints.position IS 'Position of the last event that is folded.';
COMMENT ON COLUMN snaglog_checkpoints.leaf IS 'That event''s leaf: another one at this position means another log.';

CREATE TABLE snaglog_parked (
    view text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    stream text COLLATE "C" NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    reason text NOT NULL,
    skipped boolean NOT NULL DEFAULT false,
    PRIMARY KEY (view, version, stream)
);
COMMENT ON TABLE snaglog_parked IS 'Streams set aside, because an event of them could not be applied.';
COMMENT ON COLUMN snaglog_parked.view IS 'The view''s name.';
COMMENT ON COLUMN snaglog_parked.version IS 'Which version of it.';
COMMENT ON COLUMN snaglog_parked.stream IS 'The stream''s name.';
COMMENT ON COLUMN snaglog_parked.partition IS 'The log''s partition that it is in.';
COMMENT ON COLUMN snaglog_parked.position IS 'Position of the first event that the view lacks.';
COMMENT ON COLUMN snaglog_parked.reason IS 'Why that event could not be applied.';
COMMENT ON COLUMN snaglog_parked.skipped IS 'An operator has seen it and leaves it as it is.';

CREATE TABLE snaglog_leases (
    view text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    partition integer NOT NULL,
    holder bigint NOT NULL,
    term bigint NOT NULL,
    until timestamptz NOT NULL,
    PRIMARY KEY (view, version, partition)
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
COMMENT ON TABLE snaglog_leases IS 'Which node advances which view in which partition.';
COMMENT ON COLUMN snaglog_leases.view IS 'The view''s name.';
COMMENT ON COLUMN snaglog_leases.version IS 'Which version of it.';
COMMENT ON COLUMN snaglog_leases.partition IS 'The log''s partition.';
COMMENT ON COLUMN snaglog_leases.holder IS 'The node, by the number that it was given when it began.';
COMMENT ON COLUMN snaglog_leases.term IS 'The number of this unbroken hold; commits name it.';
COMMENT ON COLUMN snaglog_leases.until IS 'From then on another may claim it.';

-- A number that was never given before: a sequence may go back after a crash or a failover, chance does not.
CREATE FUNCTION snaglog_number() RETURNS bigint VOLATILE LANGUAGE sql AS
    $$ SELECT ('x' || substr(replace(gen_random_uuid()::text, '-', ''), 1, 15))::bit(60)::bigint $$;
