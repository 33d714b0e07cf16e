# syntax=docker/dockerfile:1

FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run -s build

# gRPC's TestService, something to call in the compose file.
FROM build AS testservice
USER node
ENTRYPOINT ["node", "dist/test/support/interop/server.js"]
CMD ["--listen", "0.0.0.0:50051"]

FROM build AS pruned
RUN npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim AS postern
WORKDIR /opt/postern
COPY --from=pruned /src/package.json /src/LICENSE ./
COPY --from=pruned /src/bin ./bin
COPY --from=pruned /src/proto ./proto
COPY --from=pruned /src/node_modules ./node_modules
COPY --from=pruned /src/dist/machines ./dist/machines
COPY --from=pruned /src/dist/src ./dist/src
# Volumes that are mounted at these places first take their owner and mode from here.
RUN ln -s /opt/postern/bin/postern /usr/local/bin/postern \
  && mkdir -m 0700 /data /nats /tokens && chown node:node /data /nats /tokens
ENV NODE_ENV=production POSTERN_DATA=/data
USER node
VOLUME /data
EXPOSE 8080 9090
ENTRYPOINT ["postern"]
CMD ["--help"]
