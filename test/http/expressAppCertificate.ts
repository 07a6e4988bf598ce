/**
 * A self-signed certificate for `localhost`, valid until 2126; it protects nothing. Made with
 * `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
 * -addext subjectAltName=DNS:localhost,IP:127.0.0.1`.
 */
export const certificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgDAwBFziy8EiBliyr
1/E4aiSfWOG1yEdMmFpLFJwtqJOhRANCAARwoedMkR2cAB11cOVbyGkQJpAgGwiZ
PlMR5VnHfeZIrraISgZakKvh17Xithyyt6rczPo1TD52yMHASAXvsLF/
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUT+Ak0DsEuEXbbMiS3Qms9gsF41EwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMDIzMTAxNFoYDzIxMjYxMDI3
MjMxMDE0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARwoedMkR2cAB11cOVbyGkQJpAgGwiZPlMR5VnHfeZIrraISgZakKvh
17Xithyyt6rczPo1TD52yMHASAXvsLF/o28wbTAdBgNVHQ4EFgQU4FeioklldgNf
DGDLDcZ4l/9YQh4wHwYDVR0jBBgwFoAU4FeioklldgNfDGDLDcZ4l/9YQh4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgLAgHlh3SbBWtvZPu2JmfzkskwRbEwkOVVuFSBLNNnCACIAb2
3niGzXqlm9it8KVN3jyGvjxKUOGUU823kZJ/g0A/
-----END CERTIFICATE-----`,
};
