# Linli in two stages: dependencies by hash, then a small image with an ordinary user. Data and configuration are mounted.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/linli
COPY requirements.lock .
RUN /opt/linli/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY workflow workflow
COPY nlp nlp
COPY storage storage
COPY handlers handlers
COPY bot bot
RUN /opt/linli/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/linli --create-home linli
COPY --from=build /opt/linli /opt/linli
USER linli
WORKDIR /var/lib/linli
ENV PATH=/opt/linli/bin:$PATH PYTHONUNBUFFERED=1
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["linli"]
CMD ["run", "--config", "/etc/linli/config.toml"]
