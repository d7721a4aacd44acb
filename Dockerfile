FROM python:3.11-slim

ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 \
    DJANGO_SETTINGS_MODULE=linjiang.settings.production LINJIANG_VAR=/data

RUN useradd --system --uid 10001 --home-dir /data --create-home linjiang
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-input -r requirements.txt
COPY . .
# Collecting needs settings that load; this key signs nothing and is not kept.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" ALLOWED_HOSTS=build.invalid \
    SITE_URL=https://build.invalid DATABASE_URL=postgres://build.invalid/none REDIS_URL=redis://build.invalid/0 \
    python manage.py collectstatic --no-input --verbosity 0

USER linjiang
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "linjiang.wsgi", "--bind", "0.0.0.0:8000", "--workers", "4", "--threads", "4", \
     "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-", "--no-control-socket"]
