# Sourced by the other scripts: the steps that take long, each with its output in a log and a progress line
# while it runs. Decides that a script is quiet when there is nothing to do, needs no terminal and never reads
# stdin. Expects `root` (the source tree) and `logs` (a folder).
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null; then sudo "$@"; else
    echo "not root and no sudo: cannot run $*" >&2
    return 1
  fi
}

# progress WORDS SECONDS LOG: one line that overwrites itself on a terminal, one line a minute elsewhere.
progress() {
  local last=""
  if [ -t 1 ]; then
    last=$(tail -n 1 "$3" 2>/dev/null | tr -cd '[:print:]' | cut -c 1-60)
    printf '\r\033[K%s, %d s  %s' "$1" "$2" "$last"
  elif [ $(($2 % 60)) = 0 ]; then
    # A log without such a line is no failure, also not under set -e.
    last=$(grep -o '^\[[0-9]*/[0-9]*\]' "$3" 2>/dev/null | tail -n 1 || true)
    echo "$1, $2 s $last"
  fi
}

# step WORDS COMMAND...: runs it. Silent when it takes less than two seconds; its output is in $step_log, and on
# failure the end of that is shown. Returns what COMMAND returned.
step() {
  local words=$1 seconds=0 pid status=0
  shift
  mkdir -p "$logs"
  step_log="$logs/$(echo "$words" | tr -c 'a-zA-Z0-9\n' '-').log"
  "$@" >"$step_log" 2>&1 </dev/null &
  pid=$!
  trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    seconds=$((seconds + 1))
    if [ $((seconds % 5)) = 0 ] && [ "$seconds" -ge 10 ]; then
      progress "$words" $((seconds / 5)) "$step_log"
    fi
  done
  wait "$pid" || status=$?
  trap - INT TERM
  seconds=$((seconds / 5))
  if [ -t 1 ]; then printf '\r\033[K'; fi
  if [ "$status" != 0 ]; then
    echo "FAILED: $words ($seconds s); the end of $step_log:"
    tail -n 60 "$step_log"
  elif [ "$seconds" -ge 2 ]; then
    echo "$words: done in $seconds s"
  fi
  return "$status"
}

# install_packages KIND...: what scripts/packages lists for these kinds and is not installed yet.
install_packages() {
  local name kind rest missing=()
  while read -r name kind rest; do
    case " $* " in *" $kind "*) ;; *) continue ;; esac
    if ! dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed'; then
      missing+=("$name")
    fi
  done < <(grep -v '^#' "$root/scripts/packages")
  [ ${#missing[@]} = 0 ] && return 0
  echo "installing ${missing[*]}"
  as_root true || return 1  # asks for a password now, if it must, and not behind a progress line
  step "apt-get update" as_root apt-get -q update || true  # an old index may still be good enough
  step "apt-get install" as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y --no-install-recommends install "${missing[@]}"
}
