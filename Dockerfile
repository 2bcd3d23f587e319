# The image holds Python, the locked libraries and paperround; what built them stays behind.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY constraints constraints
# hatchling, which builds the wheel, is among the locked tools for development.
RUN python -m venv /build/tools && /build/tools/bin/pip install --quiet --use-pep517 --require-hashes -r constraints/dev.txt
RUN python -m venv --without-pip /opt/paperround \
 && /build/tools/bin/pip --python /opt/paperround/bin/python install --quiet --use-pep517 --require-hashes -r constraints/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY templates templates
COPY config config
RUN /build/tools/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist . \
 && /build/tools/bin/pip --python /opt/paperround/bin/python install --quiet --no-deps dist/*.whl

FROM ${PYTHON}
RUN groupadd --system --gid 10001 paperround \
 && useradd --system --uid 10001 --gid paperround --no-create-home --home-dir /srv/paperround paperround \
 && install -d -o paperround -g paperround /srv/paperround /srv/paperround/var
COPY --from=build /opt/paperround /opt/paperround
# Inside a container the service listens on all addresses; what is published is for the host to say.
ENV PATH=/opt/paperround/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PAPERROUND_WEB_HOST=0.0.0.0
WORKDIR /srv/paperround
USER paperround
# config/ is mounted, read-only; var/ holds the store and stays.
VOLUME /srv/paperround/var
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 CMD ["python", "-m", "paperround.probing"]
ENTRYPOINT ["paperround"]
CMD ["serve"]
