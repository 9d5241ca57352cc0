# Two stages: the first builds the wheel and the environment from pinned, hashed requirements; the second holds only that.
# The image runs as a numeric user with a read-only root file system; /data is the only place it writes to:
#   docker run --read-only -v crisiswatch:/data -v ./config:/etc/crisiswatch:ro -p 127.0.0.1:9464:9464 crisiswatch
# `make docker-steps` runs these very steps without a container engine.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /src
COPY requirements/main.txt requirements/build.txt requirements/
RUN python -m venv /opt/crisiswatch \
    && /opt/crisiswatch/bin/python -m pip install --no-cache-dir --quiet --require-hashes -r requirements/main.txt
RUN python -m venv /opt/build \
    && /opt/build/bin/python -m pip install --no-cache-dir --quiet --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE crisiswatch.yaml ./
COPY crisiswatch/ crisiswatch/
COPY rules/ rules/
COPY alerts/ alerts/
RUN /opt/build/bin/python -m hatchling build -t wheel \
    && /opt/crisiswatch/bin/python -m pip install --no-cache-dir --quiet --no-index --no-deps dist/*.whl \
    && /opt/crisiswatch/bin/python -m pip uninstall --quiet --yes pip \
    && /opt/crisiswatch/bin/python -m compileall -q -j 0 /opt/crisiswatch/lib

FROM python:3.13-slim
LABEL org.opencontainers.image.title="crisiswatch" \
      org.opencontainers.image.description="Warns a brand's people of a crisis on social media while it can still be met" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/crisiswatch /opt/crisiswatch
RUN mkdir -p /data /etc/crisiswatch && chown 10001:10001 /data
ENV PATH=/opt/crisiswatch/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/data \
    TMPDIR=/data
USER 10001:10001
WORKDIR /data
VOLUME ["/data"]
EXPOSE 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:9464/-/healthy', timeout=4)"]
ENTRYPOINT ["crisiswatch"]
CMD ["run", "--config", "/etc/crisiswatch/crisiswatch.yaml"]
