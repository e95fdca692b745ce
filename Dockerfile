# Builds Apus and puts the binary into a slim image.
#   docker build -t apus .
#   docker run -p 8000:8000 -v apus-data:/data -e RUNTIME_TOKEN=... -e LLM_PROXY_URL=http://... apus
# Started like this it runs no user code: docs/THREAT_MODEL.md has the options for that.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends libsqlite3-dev zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY Sources ./Sources
COPY Benchmarks ./Benchmarks
RUN swift build -c release --product apus --static-swift-stdlib -Xswiftc -cross-module-optimization \
      --explicit-target-dependency-import-check error --scratch-path .build-release \
 && install -D .build-release/release/apus /out/apus \
 && clang -std=c11 -O2 Sources/apus-sandbox/*.c -o /out/apus-sandbox

# The interpreter of JavaScript and TypeScript, of the version in scripts/requirements-sandbox.txt.
FROM debian:bookworm-slim AS deno
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3-pip \
 && python3 -m pip install --no-cache-dir --target /deno deno==2.9.8

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl libsqlite3-0 zlib1g python3 python3-pip git \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 apus \
 && useradd --uid 10001 --gid 10001 --home-dir /data --create-home apus
COPY --from=build /out/apus /out/apus-sandbox /usr/local/bin/
COPY --from=deno /deno/bin/deno /usr/local/bin/
# By number: Kubernetes' runAsNonRoot cannot check a name.
USER 10001:10001
WORKDIR /data
VOLUME /data
# Four slashes: an absolute path.
ENV HOST=0.0.0.0 PORT=8000 DATABASE_URL=sqlite:////data/apus.sqlite
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 \
  CMD curl -fsS "http://127.0.0.1:${PORT}/ready" || exit 1
ENTRYPOINT ["apus"]
CMD ["serve"]
