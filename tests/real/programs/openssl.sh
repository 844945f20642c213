# shows: key generation, a certificate, a bounded speed run in two processes
# needs: openssl
# modules: libcrypto*,libssl*
$OBSERVE openssl genrsa -out key.pem 2048 2>/dev/null || exit
$OBSERVE openssl req -new -x509 -key key.pem -subj /CN=localhost -out cert.pem
$OBSERVE openssl x509 -in cert.pem -noout -subject
$OBSERVE openssl dgst -sha256 "$programs/ORDER"
$OBSERVE openssl speed -seconds 1 -multi 2 -bytes 1024 sha256 >log 2>&1
echo $?
