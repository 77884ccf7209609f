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

FROM nvidia/cuda:13.2.1-runtime-ubuntu24.04

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

ENTRYPOINT ["videoai"]
CMD ["--help"]
