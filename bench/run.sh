#!/bin/bash
# Measures the server against the ceiling: one after the other, again and again (A B A B), the server pinned to
# core 0 and the load to core 1, and prints a table of medians with the ratio to the ceiling of the same run. Then
# the micro-benchmarks. Loopback only; every process that it starts it ends.
# usage: bench/run.sh [--repeat N] [--seconds S] [--only NAME] [--no-micro] [--write]
#   --write   puts the table into docs/performance.md
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck disable=SC2034  # for steps.sh
logs=$root/build/logs
# shellcheck source=scripts/steps.sh
. "$root/scripts/steps.sh"
cd "$root"

repeat=3 seconds=4 only="" micro=1 write=0 members=0
while [ $# -gt 0 ]; do
  case "$1" in
    --repeat) repeat=$2; shift ;;
    --seconds) seconds=$2; shift ;;
    --only) only=$2; shift ;;
    --no-micro) micro=0 ;;
    --write) write=1 ;;
    *) sed -n '5,6p' "$0" >&2; exit 2 ;;
  esac
  shift
done

install_packages run test
step "configuring" cmake --preset release -DSARA_BENCH=ON
step "building" cmake --build --preset release --target sara plugins/all bench/all static-roster
build=$root/build/release
work=$(mktemp -d)
results=$work/results
side_pid=""
backend_pid=""
end_side() {
  if [ -n "$backend_pid" ]; then
    kill "$backend_pid" 2>/dev/null || true
    wait "$backend_pid" 2>/dev/null || true
    backend_pid=""
  fi
  if [ -n "$side_pid" ]; then
    kill "$side_pid" 2>/dev/null || true
    wait "$side_pid" 2>/dev/null || true
    side_pid=""
  fi
}
trap 'end_side; rm -rf "$work"' EXIT
# In the background only as `(pin ...) &`: exec makes the pid that of the program itself.
pin() { if [ "$(nproc)" -ge 2 ]; then exec taskset -c "$@"; else shift; exec "$@"; fi; }

# The operator's backend, beside the load: it is another machine. Sets backend_pid, writes callback.json.
with_callback=""
start_backend() {
  (pin 1 "$build/bench/backend" --port 0) >"$work/backend" &
  backend_pid=$!
  for _ in $(seq 100); do
    if grep -qs ready "$work/backend"; then break; fi
    sleep 0.1
  done
  local url
  url=http://$(sed 's/.* //' "$work/backend")/request/
  sed "s|^{|{\"callback\": \"$url\", \"enable_auth\": true, |" "$work/conf.json" >"$work/callback.json"
}

# port_of LISTENER: its port in the ready line, nothing when there is none.
port_of() { grep -o " $1 [0-9.]*:[0-9]*" "$work/out" | head -n 1 | sed 's/.*://' || true; }

# start SIDE: a fresh server or ceiling; sets side_pid and port, of the listener that the side is about.
start() {
  rm -rf "$work/data" "$work/out"
  if [ "$1" = ceiling ]; then
    (pin 0 "$build/bench/ceiling" --port 0) >"$work/out" 2>&1 &
  else
    local conf=$work/conf.json
    if [ -n "$with_callback" ]; then conf=$work/callback.json; start_backend; fi
    if [ "$members" -gt 0 ]; then conf=$work/group.json; write_group_conf; fi
    (pin 0 "$build/bin/sara" -c "$conf") >"$work/out" 2>&1 &
  fi
  side_pid=$!
  for _ in $(seq 600); do
    if grep -qs ready "$work/out"; then break; fi
    sleep 0.1
  done
  case "$1" in
    tls | ws | wss) port=$(port_of "$1") ;;
    *) port=$(port_of "${listener:-tcp}") ;;
  esac
  if [ -z "$port" ]; then
    echo "bench/run.sh: $1 is not ready: $(cat "$work/out")" >&2
    exit 1
  fi
}

# The conf of the group scenarios: the roster of the examples, with as many names as the load has.
write_group_conf() {
  mkdir -p "$work/plugins"
  cp "$build/examples/static-roster.so" "$work/plugins/"
  sed "s|^{|{\"plugin_dir\": [\"$build/lib/sara/plugins\", \"$work/plugins\"],\n \"plugins\": {\"static-roster\": {\"enabled\": true, \"groups\": \"g=m*$members\"}},\n |" \
    "$work/conf.json" >"$work/group.json"
}

# measure NAME SIDE ARGUMENTS...: one run of the load against a fresh side; the line goes to the results.
measure() {
  local name=$1 side=$2 port=""
  shift 2
  start "$side"
  if ! (pin 1 "$build/bench/emsg_load" "$@" --port "$port" --pid "$side_pid") >"$work/line" 2>&1; then
    echo "bench/run.sh: $name on $side went wrong: $(cat "$work/line")" >&2
  fi
  echo "$name $side $(tail -n 1 "$work/line")" >>"$results"
  end_side
}

cat >"$work/conf.json" <<END
{"bind": "127.0.0.1", "port": 0, "tlsport": 0, "wsport": 0, "wssport": 0, "rpcport": 0, "enable_tls": true,
 "enable_wss": true, "loops": 1,
 "certfile": "$work/server.pem", "keyfile": "$work/server.key", "store": "embedded",
 "datadir": "$work/data", "pidfile": "$work/pid", "logfile": "", "loglevel": 1}
END
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost \
  -keyout "$work/server.key" -out "$work/server.pem" >/dev/null 2>&1

# scenario NAME SIDES ARGUMENTS...: the sides in turn, $repeat times.
scenario() {
  local name=$1 sides=$2 round side extra
  shift 2
  if [ -n "$only" ] && [ "$only" != "$name" ]; then return; fi
  for round in $(seq "$repeat"); do
    for side in $sides; do
      if [ -t 1 ]; then printf '\r\033[K%s, %s, round %s of %s' "$name" "$side" "$round" "$repeat"; fi
      extra=()
      case "$side" in
        tls) extra=(--tls) ;;
        ws) extra=(--ws) ;;
        wss) extra=(--ws --tls) ;;
      esac
      measure "$name" "$side" "$@" "${extra[@]}"
    done
  done
  if [ -t 1 ]; then printf '\r\033[K'; fi
}

time=(--seconds "$seconds" --warmup 1)
scenario chat-100x16 "ceiling sara tls ws wss" chat --pairs 100 --window 16 --size 64 "${time[@]}"
scenario chat-1000x4 "ceiling sara" chat --pairs 1000 --window 4 --size 64 "${time[@]}"
scenario chat-1KiB "ceiling sara ws" chat --pairs 100 --window 16 --size 1024 "${time[@]}"
members=100 scenario group-100 "ceiling sara" group --members 100 --senders 1 --window 4 "${time[@]}"
members=100 scenario group-100x10 "ceiling sara" group --members 100 --senders 10 --window 4 "${time[@]}"
members=10000 scenario group-10000 "ceiling sara" group --members 10000 --senders 1 --window 1 "${time[@]}"
scenario round-trip "ceiling sara tls ws wss" chat --pairs 1 --window 1 --size 64 "${time[@]}"
scenario offline "ceiling sara" offline --users 20 --count 20000 --window 64
scenario logins "ceiling sara tls ws" logins --count 20000 --concurrency 64
with_callback=1 scenario logins-callback "sara tls" logins --count 20000 --concurrency 64
listener=rpc scenario rpc "sara" rpc --concurrency 16 "${time[@]}"
scenario idle "ceiling sara ws" idle --count 16000 --concurrency 128
# Enough connections that what the handshakes under way need does not count.
scenario idle-tls "tls wss" idle --count 12000 --concurrency 64

arguments=("$results")
if [ "$write" = 1 ]; then arguments+=("$root/docs/performance.md"); fi
python3 "$root/bench/table.py" "${arguments[@]}"

if [ "$micro" = 1 ]; then
  for program in "$build"/bin/*_bench "$build"/bench/*_bench; do
    if [ -x "$program" ]; then
      echo
      (pin 0 "$program" --benchmark_min_time=0.2) 2>/dev/null
    fi
  done
fi
