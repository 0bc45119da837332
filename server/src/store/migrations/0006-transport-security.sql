-- What is known of the TLS of other servers, and what each message asks of it.

-- RFC 8689: 'required' (REQUIRETLS) goes only to servers that have proved who they are; 'optional' (TLS-Required: No) goes even where a policy would forbid it.
ALTER TABLE queue_message ADD COLUMN tls TEXT;

-- RFC 8461: the policies of other domains, kept for as long as they say.
CREATE TABLE sts_policy (
  domain      TEXT PRIMARY KEY,                 -- lower-case A-labels
  id          TEXT NOT NULL,                    -- of the TXT record that it came with
  mode        TEXT NOT NULL,                    -- enforce | testing | none
  mx          TEXT NOT NULL,                    -- JSON: names and *.patterns
  lines       TEXT NOT NULL,                    -- JSON: the policy as it was read, for reports
  fetched_at  INTEGER NOT NULL,                 -- ms
  expires_at  INTEGER NOT NULL,
  refresh_at  INTEGER NOT NULL,                 -- when to look whether it still holds
  used_at     INTEGER NOT NULL                  -- the last day on which mail went there
) WITHOUT ROWID;
CREATE INDEX sts_refresh ON sts_policy (refresh_at);

-- RFC 8460: how sessions with other domains went, by day. A policy of a domain and day, and below it a count for each way in which sessions ended.
CREATE TABLE tls_report_policy (
  day         TEXT NOT NULL,                    -- 2026-11-23, UTC
  domain      TEXT NOT NULL,
  policy_id   TEXT NOT NULL,                    -- hash of `policy`
  policy      TEXT NOT NULL,                    -- JSON
  PRIMARY KEY (day, domain, policy_id)
) WITHOUT ROWID;

CREATE TABLE tls_report_count (
  day         TEXT NOT NULL,
  domain      TEXT NOT NULL,
  policy_id   TEXT NOT NULL,
  ending      TEXT NOT NULL,                    -- empty: success; else JSON: what failed and where
  sessions    INTEGER NOT NULL,
  PRIMARY KEY (day, domain, policy_id, ending)
) WITHOUT ROWID;
