# syntax=docker/dockerfile:1
# videoai with CUDA. The driver comes from the host, through the NVIDIA container toolkit.
#
#   docker build -t videoai .
#   docker run --rm videoai doctor
#   docker run --rm --gpus all --ipc=host --user "$(id -u):$(id -g)" -v "$PWD:/data" videoai train data=folder data.root=/data/videos
#
# --ipc=host: loader workers hand over clips through /dev/shm, and Docker's default of 64 MB is too small for one batch.
# Where that is not allowed, --shm-size 8g does for one GPU; videoai says before it starts if the room is too small.
# --user: runs and caches under /data then belong to you.
#
# An API (docs/serve.md), with a token, since it listens to everybody:
#   docker build --target serve -t videoai-serve .
#   docker run --rm --gpus all -p 8000:8000 -e VIDEOAI_TOKEN=... -v "$PWD:/data:ro" videoai-serve checkpoint=/data/best.pt

FROM nvidia/cuda:13.2.1-runtime-ubuntu24.04 AS base

# gcc and the Python headers: torch.compile builds its kernels at run time.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev python3.12-dev python3.12-venv \
    && rm -rf /var/lib/apt/lists/*

RUN python3.12 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH

# The heavy layer first: it is rebuilt when the pins change, not when the code does.
COPY constraints.txt /src/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install -c /src/constraints.txt torch torchvision

COPY pyproject.toml README.md LICENSE /src/
COPY configs /src/configs
COPY videoai /src/videoai
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install -c /src/constraints.txt /src

# HOME is writable by any user, so that `--user` works: caches (datasets, weights, kernels) live there.
RUN mkdir -p /data /home/videoai && chown 1000:1000 /data /home/videoai && chmod 1777 /home/videoai
# USER: torch asks for a user name, and a number given to `--user` has none.
ENV HOME=/home/videoai \
    USER=videoai \
    PYTHONUNBUFFERED=1
USER 1000:1000
WORKDIR /data

FROM base AS serve
USER 0:0
RUN --mount=type=cache,target=/root/.cache/pip \
    pip install -c /src/constraints.txt "/src[serve]"
USER 1000:1000
EXPOSE 8000
HEALTHCHECK --start-period=2m \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health', timeout=5)"]
ENTRYPOINT ["videoai", "serve", "host=0.0.0.0"]

# The last one is what docker build makes when no target is named.
FROM base AS videoai
ENTRYPOINT ["videoai"]
CMD ["--help"]
