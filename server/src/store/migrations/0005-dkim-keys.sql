-- Keys with which mail of a domain is signed (directory/dkim-keys.ts). A few rows for each domain.
CREATE TABLE dkim_key (
  domain       TEXT NOT NULL,
  selector     TEXT NOT NULL,
  algorithm    TEXT NOT NULL,     -- rsa-sha256 | ed25519-sha256
  private_key  TEXT,              -- PKCS #8 in PEM; null once it is retired
  record       TEXT NOT NULL,     -- the TXT record that publishes it
  state        TEXT NOT NULL,     -- upcoming | active | retired
  created_at   INTEGER NOT NULL,
  published_at INTEGER,           -- since when it has been seen in the DNS without a break, as far as we looked
  active_at    INTEGER,
  retired_at   INTEGER,
  PRIMARY KEY (domain, selector)
) WITHOUT ROWID;
