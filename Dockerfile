# A worker, and every other command: docker run textcraftor COMMAND. See docker-compose.yml.
# Debian, not Alpine: TensorFlow and Temporal's SDK need glibc.
FROM node:22-bookworm
RUN apt-get update \
 && apt-get install --yes --no-install-recommends python3-venv \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# The set-up alone first: its downloads are made again only when it changes.
COPY package.json package-lock.json ./
COPY scripts scripts
COPY engine/kernels engine/kernels
# --gpu takes TensorFlow for CUDA.
ARG SETUP=
RUN node scripts/setup.mjs ${SETUP}
COPY . .
# The studio's page, from the sources.
RUN node scripts/setup.mjs --quiet
ENTRYPOINT ["node", "cli/textcraftor.mjs"]
CMD ["--help"]
