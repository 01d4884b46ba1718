#!/bin/bash
cd /tmp/h5
for k in 1 2; do timeout 900 sh -c 'while :; do :; done' & done
for i in $(seq 1 400); do
  rm -f gdb5.log
  timeout 150 ./simdbg hostile_grant tx_grants_flip > tgf5.log 2>&1
  if [ -f gdb5.log ]; then echo caught in $i >> hunt2.log; break; fi
done
kill %1 %2; echo done >> hunt2.log
