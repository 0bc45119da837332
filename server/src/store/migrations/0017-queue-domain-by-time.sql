-- Pages by domain: what comes within four seconds (3,844 ms, the first six letters of a queue id) lies together, so that new rows go into a small part of the tree
-- however many wait, for however many domains. Who looks for a domain leaps through the stretches that occur (queue/list-queued.ts).
DROP INDEX queue_domain;
CREATE INDEX queue_domain ON queue_recipient (substr(queue_id, 1, 6), domain, queue_id, n);
