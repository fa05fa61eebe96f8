#!/usr/bin/env bash
# From a fresh clone to results, one command; run again, it does only what is missing.
#   ./reproduce.sh [quick|laptop|paper] [experiment…]   results/<profile>/<experiment>: rows, tables, figures
#   ./reproduce.sh test                                 the tests and the comparison with golden values
#   ./reproduce.sh setup                                packages and build alone; npm run lab does it where they are missing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

step() { printf '\n== %s\n' "$*"; }
stop() {
  printf '%s\n' "$*" >&2
  exit 1
}

goal="${1:-quick}"
[ $# -gt 0 ] && shift
case "$goal" in
  quick) takes="about 5 minutes on two cores" ;;
  laptop) takes="about 15 hours on two cores; it can be interrupted and takes up where it stopped" ;;
  paper) takes="as long as node dist/cli.js plan paper says (years on two cores); it can be interrupted and takes up where it stopped" ;;
  test) takes="about 10 minutes on two cores" ;;
  setup) takes="" ;;
  *) stop "reproduce: \"$goal\" is not known, expected quick, laptop, paper, test or setup." ;;
esac

step "Node and cargo"
command -v node >/dev/null && command -v npm >/dev/null ||
  stop "reproduce: Node with npm was not found, expected Node 20.19 or later. Install it from https://nodejs.org."
node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
  stop "reproduce: Node $(node --version) was found, expected 20.19 or later. Install a current one from https://nodejs.org."
printf 'Node %s, npm %s, %s\n' "$(node --version)" "$(npm --version)" "$(cargo --version 2>/dev/null || echo "no cargo: WebAssembly will compute instead of the native engine")"

step "packages (a minute or two the first time)"
if [ node_modules/.package-lock.json -nt package-lock.json ]; then echo "up to date"; else npm ci --include=dev; fi

step "native engine (a minute or two the first time)"
case "${ESTA_BACKEND:-}" in
  wasm | cpu) echo "left out: ESTA_BACKEND is $ESTA_BACKEND" ;;
  *)
    built=0
    npm run --silent build:native || built=$?
    # 3: no cargo, or one too old; the script has said what takes the engine's place.
    [ "$built" -eq 0 ] || [ "$built" -eq 3 ] || stop "reproduce: the native engine did not build (see above). To go on without it: ESTA_BACKEND=wasm ./reproduce.sh $goal"
    ;;
esac

step "TypeScript (10 seconds the first time)"
node node_modules/typescript/bin/tsc -p tsconfig.json --incremental --tsBuildInfoFile dist/.tsbuildinfo && echo "compiled"

if [ "$goal" = setup ]; then exit; fi
step "$goal ($takes)"
if [ "$goal" = test ]; then exec node dist/testing/run-tests.js "$@"; fi
exec node dist/cli.js run --profile "$goal" --workers auto "$@"
