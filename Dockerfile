# lowrank in a container: the command line, and nothing that builds or installs.
#
#   docker build -t lowrank .
#   docker run --rm --read-only --network none --cap-drop ALL --security-opt no-new-privileges \
#     --user "$(id -u):$(id -g)" --volume "$PWD:/data" lowrank recover problem.npz --out result.npz
#
# Files are read and written in /data. Without --user the process is 10001:10001, which must be able to write there.

# The base is named by its full version. To fix its very bytes, give the digest that your registry shows for it:
#   docker build --build-arg BASE=node:24.21.0-bookworm-slim@sha256:<digest> -t lowrank .
ARG BASE=node:24.21.0-bookworm-slim

# ---- build: compiler, headers, all npm packages
FROM ${BASE} AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# Not pinned by version: Debian's archive keeps only the newest of a release, and security fixes are wanted.
RUN apt-get update \
  && apt-get install -y --no-install-recommends g++ libopenblas-dev make python3 \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/lowrank
COPY package.json package-lock.json ./
# No install script of any package runs; what is built is built below.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY binding.gyp tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY native native
COPY src src
RUN node scripts/build-native.js \
  && node scripts/build-ts.js \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

# ---- run: Node, OpenBLAS, a font for figures as PNG, the package
FROM ${BASE} AS run
LABEL org.opencontainers.image.title="lowrank" \
  org.opencontainers.image.description="Low-rank matrix recovery from few measurements" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.authors="The lowrank authors"
# npm and yarn are not needed to run; logs and the loader's cache would differ between builds.
RUN apt-get update \
  && apt-get install -y --no-install-recommends fonts-dejavu-core libopenblas0-pthread tini \
  && rm -rf /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log /var/log/alternatives.log /var/cache/ldconfig/aux-cache \
    /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
  && mkdir /data \
  && chown 10001:10001 /data
# One BLAS thread (parallelism is lowrank's own) and one kernel family, so that results have the same bits on every host.
ENV NODE_ENV=production \
  OPENBLAS_NUM_THREADS=1 \
  OMP_NUM_THREADS=1 \
  OPENBLAS_CORETYPE=Haswell \
  TZ=UTC \
  LC_ALL=C.UTF-8
COPY --from=build /opt/lowrank/package.json /opt/lowrank/package.json
COPY --from=build /opt/lowrank/node_modules /opt/lowrank/node_modules
COPY --from=build /opt/lowrank/build/Release/lowrank.node /opt/lowrank/build/Release/lowrank.node
COPY --from=build /opt/lowrank/dist /opt/lowrank/dist
COPY LICENSE /opt/lowrank/LICENSE
USER 10001:10001
WORKDIR /data
STOPSIGNAL SIGTERM
# tini is process 1: it passes signals on and reaps.
ENTRYPOINT ["tini", "--", "node", "/opt/lowrank/dist/cli/main.js"]
CMD ["--help"]
