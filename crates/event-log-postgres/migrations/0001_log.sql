-- The event log. Everything is in one schema, which the log's URL names; the role that opens the log owns it.

CREATE TABLE log (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    log_id uuid NOT NULL,
    partitions integer NOT NULL CHECK (partitions BETWEEN 1 AND 1024),
    rule_version integer NOT NULL,
    record_version integer NOT NULL,
    phase text NOT NULL CHECK (phase IN ('filling', 'open', 'sealed'))
);
COMMENT ON TABLE log IS 'The one log: its identity, the versions in force, and where it is in its life.';

-- Names are compared byte by byte, whatever the database's collation.
CREATE TABLE streams (
    stream bigint PRIMARY KEY,
    project text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    ordinal bigint NOT NULL
);
CREATE UNIQUE INDEX streams_by_name ON streams (project, kind, id);
CREATE UNIQUE INDEX streams_by_ordinal ON streams (project, kind, ordinal);
COMMENT ON TABLE streams IS 'A row for each stream.';
COMMENT ON COLUMN streams.stream IS 'Where its first event is: partition << 48 | position.';
COMMENT ON COLUMN streams.ordinal IS 'Dense from 1 within project and kind: the number in PAY-42.';

CREATE TABLE events (
    partition integer NOT NULL,
    position bigint NOT NULL,
    stream bigint NOT NULL,
    revision bigint NOT NULL,
    append_events integer,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    schema_version integer NOT NULL,
    actor text NOT NULL,
    request_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    correlation_id uuid,
    causation_id uuid,
    traceparent text,
    occurred_at bigint NOT NULL,
    recorded_at bigint NOT NULL,
    leaf bytea NOT NULL,
    facts bytea NOT NULL,
    facts_hash bytea NOT NULL,
    texts bytea,
    salt bytea,
    texts_hash bytea,
    PRIMARY KEY (partition, position)
);
CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
CREATE UNIQUE INDEX events_by_request ON events (stream, request_id) WHERE append_events IS NOT NULL;
COMMENT ON TABLE events IS 'A row for each event. Rows are only ever added, by append_events(), and never changed but by erasing texts.';
COMMENT ON COLUMN events.position IS 'Dense from 1 within the partition, in the order of commits.';
COMMENT ON COLUMN events.revision IS 'Dense from 1 within the stream.';
COMMENT ON COLUMN events.append_events IS 'On the last event of an append: how many it has.';
COMMENT ON COLUMN events.occurred_at IS 'Microseconds since 1970.';
COMMENT ON COLUMN events.recorded_at IS 'Microseconds since 1970; never less than the one before in the partition.';
COMMENT ON COLUMN events.leaf IS 'SHA-256 over the record: what proofs are built on.';
COMMENT ON COLUMN events.facts IS 'JSON, byte for byte as it was appended: convert_from(facts, ''UTF8'').';
COMMENT ON COLUMN events.texts IS 'JSON of the free texts; null where there are none, or erased.';
COMMENT ON COLUMN events.salt IS 'Null with texts.';
COMMENT ON COLUMN events.texts_hash IS 'SHA-256 of salt and texts; null where there never were texts.';

CREATE TYPE seen AS (
    position bigint,
    stream bigint,
    project text,
    kind text,
    id text,
    ordinal bigint,
    revision bigint,
    append_events integer,
    request_id uuid,
    recorded_at bigint,
    leaf bytea
);
COMMENT ON TYPE seen IS 'What a node must know of an event that another one has appended, to admit the next.';

-- The partition's events after a position, for admission; at most so many.
CREATE FUNCTION events_since(of_partition integer, after bigint, at_most integer) RETURNS SETOF seen
LANGUAGE sql STABLE AS $$
    SELECT e.position, e.stream, s.project, s.kind, s.id, s.ordinal, e.revision, e.append_events, e.request_id, e.recorded_at,
        e.leaf
    FROM events e JOIN streams s ON s.stream = e.stream
    WHERE e.partition = of_partition AND e.position > after
    ORDER BY e.position
    LIMIT at_most
$$;

-- Takes the partition's turn, which lasts until the transaction ends.
--
-- Locks are named by the table's number and the partition's; partition -1 is the log's own row, which who appends shares and
-- who changes it has alone. They are no row locks: an idle transaction with an old snapshot costs nothing here.
CREATE FUNCTION take_turn(of_partition integer) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared('log'::regclass::oid::integer, -1),
            pg_advisory_xact_lock('log'::regclass::oid::integer, of_partition);
END
$$;

-- Fails (SL004) unless the partition has this leaf at its position `head`; position 0 has none.
--
-- A position alone doesn't tell one history from another: a server that was promoted without the last records may have others at
-- the same positions by now.
CREATE FUNCTION check_head(of_partition integer, head bigint, head_leaf bytea) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    head_now bigint;
BEGIN
    IF head = 0 OR EXISTS (SELECT FROM events e WHERE e.partition = of_partition AND e.position = head AND e.leaf = head_leaf) THEN
        RETURN;
    END IF;
    SELECT coalesce(max(e.position), 0) INTO head_now FROM events e WHERE e.partition = of_partition;
    IF head_now < head THEN
        RAISE EXCEPTION 'partition % ends at %, and % was there', of_partition, head_now, head USING ERRCODE = 'SL004';
    END IF;
    RAISE EXCEPTION 'partition % position % is another one than was there', of_partition, head USING ERRCODE = 'SL004';
END
$$;

-- Takes the partition's turn, then answers what others have appended after its head.
CREATE FUNCTION await_turn(of_partition integer, head bigint, head_leaf bytea, at_most integer) RETURNS SETOF seen
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM take_turn(of_partition);
    -- Statements of their own: begun in our turn, they see everything that was committed in turns before.
    PERFORM check_head(of_partition, head, head_leaf);
    RETURN QUERY SELECT * FROM events_since(of_partition, head, at_most);
END
$$;

-- Writes a batch that was admitted against `head`, or nothing.
--
-- If the partition ends elsewhere, nothing is written, and the events since are answered: the batch is to be admitted anew.
-- SL001: the log's phase is another. SL002: its versions are. SL003: the server may lose what it has acknowledged, or a pool in
-- transaction mode has forgotten what the session was told.
-- SL004: what was at `head` is not there.
CREATE FUNCTION append_events(
    of_partition integer, head bigint, head_leaf bytea, of_phase text, of_rule integer, of_record integer, seen_max integer,
    new_stream bigint[], new_project text[], new_kind text[], new_id text[], new_ordinal bigint[],
    in_stream bigint[], in_revision bigint[], in_append_events integer[], in_event_id uuid[], in_event_type text[],
    in_schema_version integer[], in_actor text[], in_request_id uuid[], in_fingerprint bytea[], in_correlation_id uuid[],
    in_causation_id uuid[], in_traceparent text[], in_occurred_at bigint[], in_recorded_at bigint[], in_leaf bytea[],
    in_facts bytea[], in_facts_hash bytea[], in_texts bytea[], in_salt bytea[], in_texts_hash bytea[]
) RETURNS SETOF seen
LANGUAGE plpgsql AS $$
DECLARE
    phase_now text;
    rule_now integer;
    record_now integer;
    head_now bigint;
    leaf_now bytea;
BEGIN
    -- As take_turn() does: one call less for every batch.
    PERFORM pg_advisory_xact_lock_shared('log'::regclass::oid::integer, -1),
            pg_advisory_xact_lock('log'::regclass::oid::integer, of_partition);
    -- A statement of its own: begun in our turn, it sees everything that was committed in turns before.
    SELECT l.phase, l.rule_version, l.record_version, coalesce(last.position, 0), last.leaf
        INTO phase_now, rule_now, record_now, head_now, leaf_now
        FROM log l LEFT JOIN LATERAL (
            SELECT e.position, e.leaf FROM events e WHERE e.partition = of_partition ORDER BY e.position DESC LIMIT 1
        ) last ON true;
    IF phase_now IS DISTINCT FROM of_phase THEN
        RAISE EXCEPTION 'the log is %', phase_now USING ERRCODE = 'SL001';
    END IF;
    IF rule_now <> of_rule OR record_now <> of_record THEN
        RAISE EXCEPTION 'the log has rule version % and record version %', rule_now, record_now USING ERRCODE = 'SL002';
    END IF;
    IF current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')
        OR current_setting('fsync') <> 'on' OR current_setting('full_page_writes') <> 'on' THEN
        RAISE EXCEPTION 'synchronous_commit is %, fsync %, full_page_writes %', current_setting('synchronous_commit'),
            current_setting('fsync'), current_setting('full_page_writes') USING ERRCODE = 'SL003';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        -- What was committed while we waited for our turn would not be seen.
        RAISE EXCEPTION 'transactions are %, not read committed', current_setting('transaction_isolation') USING ERRCODE = 'SL003';
    END IF;
    IF head_now <> head OR leaf_now IS DISTINCT FROM head_leaf THEN
        PERFORM check_head(of_partition, head, head_leaf);
        RETURN QUERY SELECT * FROM events_since(of_partition, head, seen_max);
        RETURN;
    END IF;
    IF cardinality(new_stream) > 0 THEN
        INSERT INTO streams (stream, project, kind, id, ordinal)
            SELECT unnest(new_stream), unnest(new_project), unnest(new_kind), unnest(new_id), unnest(new_ordinal);
    END IF;
    INSERT INTO events (partition, position, stream, revision, append_events, event_id, event_type, schema_version, actor,
            request_id, fingerprint, correlation_id, causation_id, traceparent, occurred_at, recorded_at, leaf, facts,
            facts_hash, texts, salt, texts_hash)
        -- Beside each other in the list, and not in FROM: there each would first be written to a store of its own.
        SELECT of_partition, head + generate_series(1, cardinality(in_stream)), unnest(in_stream), unnest(in_revision),
            unnest(in_append_events), unnest(in_event_id), unnest(in_event_type), unnest(in_schema_version), unnest(in_actor),
            unnest(in_request_id), unnest(in_fingerprint), unnest(in_correlation_id), unnest(in_causation_id),
            unnest(in_traceparent), unnest(in_occurred_at), unnest(in_recorded_at), unnest(in_leaf), unnest(in_facts),
            unnest(in_facts_hash), unnest(in_texts), unnest(in_salt), unnest(in_texts_hash);
END
$$;
