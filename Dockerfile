# Lesson 5 as a service: HTTP, worker and page. It needs a Redis, named by REDIS_URL (see docker-compose.yml).

FROM swift:6.3-bookworm AS build
RUN apt-get -qq update && apt-get -qq install -y --no-install-recommends libhiredis-dev
WORKDIR /workspace
# The dependencies come first, so they are fetched again only when the manifest changes.
COPY Package.swift ./
RUN swift package resolve
COPY Sources Sources
COPY Lessons Lessons
COPY Tests Tests
RUN swift build --configuration release --product streaming-to-users --static-swift-stdlib \
    && cp "$(swift build --configuration release --show-bin-path)/streaming-to-users" /streaming-to-users

FROM debian:bookworm-slim
RUN apt-get -qq update \
    && apt-get -qq install -y --no-install-recommends ca-certificates curl libhiredis0.14 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system app
COPY --from=build /streaming-to-users /usr/local/bin/streaming-to-users
USER app
EXPOSE 8080
ENTRYPOINT ["streaming-to-users"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8080"]
