#!/usr/bin/env bash
# Records what other people's SCEP programs send and answer: see README.md. Nothing leaves the machine: it
# runs itself again in a network namespace that has only `lo`.
#
#   capture.sh OUT [mock-ca BINARY [PYTHON WITH PYSCEP]]
set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ ${CAPTURE_INSIDE:-} != 1 ]]; then
    CAPTURE_INSIDE=1 exec unshare --net --pid --fork --kill-child -- \
        bash -c 'ip link set lo up && exec "$@"' bash "$0" "$@"
fi
out=$(realpath -m "$1")
mock_ca=$(realpath "${2:-$here/../../target/debug/mock-ca}")
python=$(realpath -s "${3:-/usr/bin/python3}")
keys=$(realpath "$here/../keys")
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

wait_for() { # PORT
    for _ in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
        sleep 0.1
    done
    echo "nothing listens on $1" >&2
    return 1
}

record() { # NAME LISTEN SERVER
    /usr/bin/python3 "$here/recorder.py" "$2" "$3" "$out/$1" >/dev/null &
    wait_for "$2"
}

traditional() { # KEY FILE: as the Go programs read it
    openssl rsa -in "$keys/$1.pem" -traditional -out "$2" 2>/dev/null
}

# --- our server, for the clients of others --------------------------------------------------------------
start_mock_ca() { # PORT OPTIONS...
    local port=$1
    shift
    "$mock_ca" serve --listen "127.0.0.1:$port" --admin 127.0.0.1:0 --challenge secret --ca-key "$keys/ca-rsa.pem" \
        --ca-out "ca-$port.pem" "$@" >"mock-ca-$port.log" 2>&1 &
    wait_for "$port"
}
start_mock_ca 9201
start_mock_ca 9202 --laxity single-des
start_mock_ca 9203 --mode manual
# strongSwan 5.9.8 finds AES only where SHA-384 is listed: see README.md.
cat >every-keyword.toml <<'TOML'
schema = "sceptic/mock-ca/1"
capabilities = ["AES", "DES3", "SHA-1", "SHA-256", "SHA-384", "SHA-512", "POSTPKIOperation", "Renewal", "SCEPStandard"]
TOML
start_mock_ca 9204 --config every-keyword.toml
start_mock_ca 9205 --config every-keyword.toml --mode manual

# --- scepserver, with a key that can be opened later ----------------------------------------------------
mkdir -p "$out"
date -u +%F >"$out/date"
mkdir depot
openssl req -x509 -new -key "$keys/ra-rsa.pem" -subj '/C=CH/O=lab/CN=scepserver CA' -days 3650 -set_serial 1 \
    -addext keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign,cRLSign -out depot/ca.pem
openssl rsa -in "$keys/ra-rsa.pem" -traditional -des3 -passout pass:p -out depot/ca.key 2>/dev/null
scepserver -depot depot -capass p -port 9301 -challenge secret -allowrenew 0 >scepserver.log 2>&1 &
wait_for 9301

attempt() { # NAME COMMAND...: a client may fail, its messages are recorded all the same
    local name=$1 status=0
    shift
    "$@" >"$out/$name.log" 2>&1 || status=$?
    echo "$name: exit $status"
}

# --- scepclient -----------------------------------------------------------------------------------------
for server in mock-ca:9202 scepserver:9301; do
    name=scepclient-to-${server%:*}
    record "$name" $((${server#*:} + 10)) "${server#*:}"
    mkdir "$name"
    traditional pool-01 "$name/device.key"
    for step in enrol renew; do
        attempt "$name-$step" scepclient -server-url "http://127.0.0.1:$((${server#*:} + 10))/scep" \
            -private-key "$name/device.key" -certificate "$name/device.crt" -challenge secret \
            -cn "scepclient-1" -organization lab -country CH
    done
done
mkdir scepclient-refused
record scepclient-refused 9351 9301
traditional pool-08 scepclient-refused/device.key
attempt scepclient-refused scepclient -server-url http://127.0.0.1:9351/scep \
    -private-key scepclient-refused/device.key -certificate scepclient-refused/device.crt -challenge wrong \
    -cn "scepclient-2" -organization lab -country CH

# --- strongSwan -----------------------------------------------------------------------------------------
for server in mock-ca:9201 mock-ca-keywords:9204 scepserver:9301; do
    port=${server#*:}
    name=strongswan-to-${server%:*}
    record "$name" $((port + 20)) "$port"
    mkdir "$name"
    url=http://127.0.0.1:$((port + 20))/scep
    attempt "$name-scepca" pki --scepca --url "$url" --caout "$name/ca.crt" --raout "$name/ra.crt" --outform pem --force
    ca=ca-$port.pem
    [[ $port == 9301 ]] && ca=depot/ca.pem
    for digest in sha256 sha1; do
        attempt "$name-$digest" bash -c 'pki --scep --url "$1" --in "$2" --dn "C=CH, O=lab, CN=strongswan-1" \
            --san strongswan-1.example.org --password secret --cacert-enc "$3" --cacert-sig "$3" --digest "$4" \
            --outform pem >"$5"' bash "$url" "$keys/pool-02.pem" "$ca" "$digest" "$name/$digest.crt"
    done
    attempt "$name-des3" bash -c 'pki --scep --url "$1" --in "$2" --dn "C=CH, O=lab, CN=strongswan-1" \
        --password secret --cacert-enc "$3" --cacert-sig "$3" --cipher des3 --outform pem >"$4"' \
        bash "$url" "$keys/pool-02.pem" "$ca" "$name/des3.crt"
    attempt "$name-renew" bash -c 'pki --scep --url "$1" --in "$2" --dn "C=CH, O=lab, CN=strongswan-1" \
        --cacert-enc "$3" --cacert-sig "$3" --cert "$4" --key "$5" --outform pem >"$6"' \
        bash "$url" "$keys/pool-03.pem" "$ca" "$name/sha256.crt" "$keys/pool-02.pem" "$name/renewed.crt"
done
record strongswan-poll 9253 9205
attempt strongswan-poll bash -c 'pki --scep --url "$1" --in "$2" --dn "C=CH, O=lab, CN=strongswan-2" \
    --password secret --cacert-enc "$3" --cacert-sig "$3" --interval 1 --maxpolltime 3 --outform pem >poll.crt' \
    bash http://127.0.0.1:9253/scep "$keys/pool-04.pem" ca-9205.pem

# --- certmonger -----------------------------------------------------------------------------------------
for server in mock-ca:9201 scepserver:9301; do
    port=${server#*:}
    name=certmonger-to-${server%:*}
    record "$name" $((port + 30)) "$port"
    mkdir -p "$name/home" "$name/tmp"
    cp "$keys/pool-05.pem" "$name/device.key"
    ca=ca-$port.pem
    [[ $port == 9301 ]] && ca=depot/ca.pem
    cp "$ca" "$name/ca.pem"
    HOME=$work/$name/home XDG_CONFIG_HOME=$work/$name/home TMPDIR=$work/$name/tmp attempt "$name" \
        dbus-run-session -- bash -c 'cd "$1"
        /usr/lib/certmonger/certmonger-session -n -d 3 >session.log 2>&1 &
        for _ in $(seq 100); do
            gdbus call --session --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus --method \
                org.freedesktop.DBus.NameHasOwner org.fedorahosted.certmonger 2>/dev/null | grep -q true && break
            getcert list -s >/dev/null 2>&1 && break
            sleep 0.2
        done
        getcert add-scep-ca -s -c lab -u "$2" -N "$PWD/ca.pem"
        for _ in $(seq 50); do getcert list-cas -s -c lab -v | grep -qi thumbprint && break; sleep 0.2; done
        getcert request -s -c lab -I r1 -k "$PWD/device.key" -f "$PWD/device.crt" -N "CN=certmonger-1,O=lab" \
            -D certmonger-1.example.org -L secret -w --wait-timeout 20
        getcert list -s
        getcert resubmit -s -i r1 -w --wait-timeout 20
        getcert list -s
        kill %1; cat session.log' \
        bash "$work/$name" "http://127.0.0.1:$((port + 30))/scep"
done

# --- PyScep ---------------------------------------------------------------------------------------------
if "$python" -c 'import scep.Client.client' 2>/dev/null; then
    for server in mock-ca:9201 scepserver:9301; do
        port=${server#*:}
        name=pyscep-to-${server%:*}
        record "$name" $((port + 40)) "$port"
        attempt "$name" "$python" "$here/pyscep-enrol.py" "http://127.0.0.1:$((port + 40))/scep" "$keys"
    done
fi
cp mock-ca-*.log scepserver.log ca-*.pem depot/ca.pem "$out" 2>/dev/null || true
