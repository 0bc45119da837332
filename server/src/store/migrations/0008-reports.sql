-- Reports: what was sent, so that nothing is sent twice, and what came in (queue/reports/).

-- A report about a domain and day; written in the mutation that queues it.
CREATE TABLE report_sent (
  kind     TEXT NOT NULL,                       -- dmarc | tls
  day      TEXT NOT NULL,                       -- 2026-11-23, UTC
  domain   TEXT NOT NULL,
  queue_id TEXT NOT NULL,
  sent_at  INTEGER NOT NULL,                    -- ms
  PRIMARY KEY (kind, day, domain)
) WITHOUT ROWID;

-- Days that are done.
CREATE TABLE report_day (
  kind    TEXT NOT NULL,
  day     TEXT NOT NULL,
  done_at INTEGER NOT NULL,
  PRIMARY KEY (kind, day)
) WITHOUT ROWID;

-- Mails that may be reports and are still to be read.
CREATE TABLE report_mail (
  email       INTEGER PRIMARY KEY,
  kind        TEXT NOT NULL,                    -- report: to an address for reports; complaint: a feedback report to postmaster or abuse
  origin      TEXT NOT NULL,                    -- the author's domain, where DMARC has passed; else empty
  received_at INTEGER NOT NULL
);

-- Reports that were read.
CREATE TABLE report_received (
  kind         TEXT NOT NULL,                   -- dmarc | tls
  domain       TEXT NOT NULL,                   -- whom it is about
  end_at       INTEGER NOT NULL,                -- ms; the end of its time
  organization TEXT NOT NULL,                   -- who reports
  report_id    TEXT NOT NULL,                   -- theirs
  begin_at     INTEGER NOT NULL,
  received_at  INTEGER NOT NULL,
  origin       TEXT NOT NULL,                   -- the author's domain of the mail, where DMARC has passed; else empty
  passed       INTEGER NOT NULL,                -- messages, or sessions
  failed       INTEGER NOT NULL,
  content      TEXT NOT NULL,                   -- JSON: see read/dmarc-report.ts, read/tls-report.ts
  PRIMARY KEY (kind, domain, end_at, organization, report_id)
) WITHOUT ROWID;
CREATE INDEX report_received_age ON report_received (received_at);

-- Complaints about messages of our accounts (ARF).
CREATE TABLE report_complaint (
  account     INTEGER NOT NULL,
  queue_id    TEXT NOT NULL,                    -- of the message: one complaint for each counts
  received_at INTEGER NOT NULL,
  kind        TEXT NOT NULL,                    -- Feedback-Type
  recipient   TEXT NOT NULL,                    -- who complained; empty where it is not told
  origin      TEXT NOT NULL,                    -- the author's domain of the report
  PRIMARY KEY (account, queue_id)
) WITHOUT ROWID;
CREATE INDEX report_complaint_age ON report_complaint (received_at);
