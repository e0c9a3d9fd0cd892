#!/bin/sh
# Any other system: one command whose exit code decides. Here with a base, and with the codes told apart.
#
#   check.sh [BASE]      BASE: the branch that the change is for, such as origin/main
set -u

code=0
packman check ${1:+--base "$1"} --output human=- --output json=packman.json || code=$?
case $code in
  0) echo 'packman: everything may come in' ;;
  1) echo 'packman: something may not come in, see above' ;;
  2) echo 'packman: the call or the policy is wrong' ;;
  3) echo 'packman: it could not be decided, see above' ;;
  *) echo "packman: could not run ($code)" ;;
esac
# Never `|| true`: a policy that begins with `extends = ["observe"]` fails nothing, and still tells a wrong policy apart.
exit "$code"
