"""Signs and verifies with dkimpy, for signatures.test.ts: one JSON object in, one out. Keys come from the object, never from the DNS."""
import base64
import json
import sys

import dkim

request = json.load(sys.stdin)
zone = {name: text.encode() for name, text in request["zone"].items()}


def find(name, timeout=5):
    return zone.get(name.decode().rstrip("."))


def answer(job):
    message = base64.b64decode(job["message"])
    if job["work"] == "verify":
        signer = dkim.DKIM(message, timeout=5)
        return [signer.verify(idx=index, dnsfunc=find) for index in range(job["signatures"])]
    if job["work"] == "verify-arc":
        result, _, reason = dkim.arc_verify(message, dnsfunc=find)
        return [(result or b"").decode(), reason]
    selector, domain, key = (job[name].encode() for name in ("selector", "domain", "key"))
    if job["work"] == "sign":
        canonicalization = tuple(job["canonicalization"].encode().split(b"/"))
        return dkim.sign(message, selector, domain, key, canonicalize=canonicalization, signature_algorithm=job["algorithm"].encode()).decode()
    return b"".join(dkim.arc_sign(message, selector, domain, key, job["server"].encode())).decode()


def answer_or_error(job):
    try:
        return {"answer": answer(job)}
    except Exception as error:  # whatever dkimpy throws is its answer
        return {"error": f"{type(error).__name__}: {error}"}


json.dump([answer_or_error(job) for job in request["jobs"]], sys.stdout)
