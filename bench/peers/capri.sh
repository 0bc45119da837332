#!/bin/bash
# capri.sh start|stop : Capri with TLS and durability as shipped, ports of profiles/capri.json, accounts u1..u600@perf.test, no limits per client, sink.example -> 127.0.0.1:20026
PERF=${PERF:-${TMPDIR:-/tmp}/capri-perf}; export PERF
cd "$(dirname "$0")"; . ./cg.sh; TOP=$(cd ../.. && pwd)
B=${BASE:-$PERF/capri}; CG=${CG:-perf-capri}; NODE=$TOP/node_modules/node-linux-$(node -p process.arch)/bin/node
conf() {
  mkdir -p "$B"; head -c 12 /dev/urandom | base64 | "$TOP/capri" init --domain perf.test --hostname mail.perf.test --dir "$B" --config "$B/init.toml" --user "$(id -un)" --certificate "$PERF/tls/ec.crt" --key "$PERF/tls/ec.key" --password-stdin >/dev/null
  { cat <<C
[server]
hostname = "mail.perf.test"
domain = "perf.test"
data_directory = "$B"
[[tls.certificates]]
certificate = "$PERF/tls/ec.crt"
key = "$PERF/tls/ec.key"
[limits]
connections = 0
connections_per_address = 0
sign_in_failures_per_network = 0
sign_in_failures_per_account = 0
[sending_limits]
recipients_per_hour = 0
recipients_per_day = 0
hold_points = 0
[[queue.routes]]
domain = "sink.example"
host = "127.0.0.1"
port = 20026
tls = "none"
C
  for l in smtp:22025 submission:22587 submissions:22465 imap:22143 imaps:22993 pop3:22110 pop3s:22995; do echo "[listeners.${l%:*}]"; echo 'addresses = ["127.0.0.1"]'; echo "port = ${l#*:}"; done; } > "$B/capri.toml"
  "$NODE" capri-mkusers.ts "$B/capri.toml"
}
case $1 in
start) [ -f "$B/capri.toml" ] || conf; ulimit -n "$(ulimit -Hn)"; 
  # NODE_FLAGS=--cpu-prof: profiles of every thread in the work folder when it stops.
  ( mkdir -p "$CGROOT/$CG"; echo $BASHPID > "$CGROOT/$CG/cgroup.procs"; cd "$B"; export UV_THREADPOOL_SIZE=16; exec "$NODE" $NODE_FLAGS --disable-warning=ExperimentalWarning "$TOP/server/src/main.ts" serve --config "$B/capri.toml" ) >"$B/log" 2>&1 </dev/null & echo $! > "$B/pid"
  for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/22143) 2>/dev/null && break; sleep 0.1; done; cat "$B/pid";;
stop) P=$(cat "$B/pid") && kill "$P" && for i in $(seq 100); do kill -0 "$P" 2>/dev/null || break; sleep 0.1; done;;
esac
