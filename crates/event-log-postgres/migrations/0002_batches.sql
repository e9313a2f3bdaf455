-- Batches of several partitions: one call, one commit. What one partition has in flight is little, and a commit costs as much for it.

CREATE TYPE seen_of AS (
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
    leaf bytea,
    partition integer
);
COMMENT ON TYPE seen_of IS 'As seen, and in which partition.';

-- Each partition's events after its head, for admission; at most so many of each.
CREATE FUNCTION seen_since(of_partitions integer[], heads bigint[], at_most integer) RETURNS SETOF seen_of
LANGUAGE sql STABLE AS $$
    SELECT s.*, n.of_partition
    FROM unnest(of_partitions, heads) AS n(of_partition, head), LATERAL events_since(n.of_partition, n.head, at_most) AS s
    ORDER BY n.of_partition, s.position
$$;

-- Takes the partitions' turns, which last until the transaction ends. They are given in ascending order: so no two who take several
-- wait for each other.
CREATE FUNCTION take_turns(of_partitions integer[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    of_partition integer;
BEGIN
    PERFORM pg_advisory_xact_lock_shared('log'::regclass::oid::integer, -1);
    FOREACH of_partition IN ARRAY of_partitions LOOP
        PERFORM pg_advisory_xact_lock('log'::regclass::oid::integer, of_partition);
    END LOOP;
END
$$;

-- Takes the partitions' turns, then answers what others have appended after their heads.
CREATE FUNCTION await_turns(of_partitions integer[], heads bigint[], head_leaves bytea[], at_most integer) RETURNS SETOF seen_of
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM take_turns(of_partitions);
    -- Statements of their own: begun in our turns, they see everything that was committed in turns before.
    PERFORM check_head(n.of_partition, n.head, n.head_leaf)
        FROM unnest(of_partitions, heads, head_leaves) AS n(of_partition, head, head_leaf);
    RETURN QUERY SELECT * FROM seen_since(of_partitions, heads, at_most);
END
$$;

-- Writes a batch of several partitions that was admitted against their heads, or nothing: as append_events() does for one.
--
-- If one of them ends elsewhere, nothing is written, and the events since are answered: the batch is to be admitted anew.
CREATE FUNCTION append_batch(
    of_partitions integer[], heads bigint[], head_leaves bytea[], of_phase text, of_rule integer, of_record integer, seen_max integer,
    new_stream bigint[], new_project text[], new_kind text[], new_id text[], new_ordinal bigint[],
    in_partition integer[], in_position bigint[], in_stream bigint[], in_revision bigint[], in_append_events integer[],
    in_event_id uuid[], in_event_type text[], in_schema_version integer[], in_actor text[], in_request_id uuid[],
    in_fingerprint bytea[], in_correlation_id uuid[], in_causation_id uuid[], in_traceparent text[], in_occurred_at bigint[],
    in_recorded_at bigint[], in_leaf bytea[], in_facts bytea[], in_facts_hash bytea[], in_texts bytea[], in_salt bytea[],
    in_texts_hash bytea[]
) RETURNS SETOF seen_of
LANGUAGE plpgsql AS $$
DECLARE
    phase_now text;
    rule_now integer;
    record_now integer;
    all_there boolean;
BEGIN
    PERFORM take_turns(of_partitions);
    -- A statement of its own: begun in our turns, it sees everything that was committed in turns before.
    SELECT l.phase, l.rule_version, l.record_version, NOT EXISTS (
            SELECT FROM unnest(of_partitions, heads, head_leaves) AS n(of_partition, head, head_leaf)
                LEFT JOIN LATERAL (
                    SELECT e.position, e.leaf FROM events e WHERE e.partition = n.of_partition ORDER BY e.position DESC LIMIT 1
                ) last ON true
            WHERE coalesce(last.position, 0) <> n.head OR last.leaf IS DISTINCT FROM n.head_leaf
        )
        INTO phase_now, rule_now, record_now, all_there
        FROM log l;
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
        -- What was committed while we waited for our turns would not be seen.
        RAISE EXCEPTION 'transactions are %, not read committed', current_setting('transaction_isolation') USING ERRCODE = 'SL003';
    END IF;
    IF NOT all_there THEN
        PERFORM check_head(n.of_partition, n.head, n.head_leaf)
            FROM unnest(of_partitions, heads, head_leaves) AS n(of_partition, head, head_leaf);
        RETURN QUERY SELECT * FROM seen_since(of_partitions, heads, seen_max);
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
        SELECT unnest(in_partition), unnest(in_position), unnest(in_stream), unnest(in_revision),
            unnest(in_append_events), unnest(in_event_id), unnest(in_event_type), unnest(in_schema_version), unnest(in_actor),
            unnest(in_request_id), unnest(in_fingerprint), unnest(in_correlation_id), unnest(in_causation_id),
            unnest(in_traceparent), unnest(in_occurred_at), unnest(in_recorded_at), unnest(in_leaf), unnest(in_facts),
            unnest(in_facts_hash), unnest(in_texts), unnest(in_salt), unnest(in_texts_hash);
END
$$;
