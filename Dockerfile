# An image that runs every verb. The archive is made first, on a machine with the .NET SDK:
#
#   ./submit.sh package ncfspark-linux-x64.tar.gz
#   docker build --tag ncfspark .
#   docker run --rm --user "$(id -u)" --volume "$PWD:/data" ncfspark nightly --input clicks.csv
#
# Relative paths are those of /data. The configurations of the repository are in /opt/ncfspark/conf.
FROM debian:12-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates libssl3 tzdata \
 && rm -rf /var/lib/apt/lists/*
ADD ncfspark-linux-x64.tar.gz /opt/
WORKDIR /data
ENTRYPOINT ["/opt/ncfspark/submit.sh"]
