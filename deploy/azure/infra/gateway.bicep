// The HTTP server, which `azd deploy` rolls out with the image it has built. It asks no model.
param location string
param azdEnvironment string
param imageName string
param identityName string
param registryEndpoint string
param containerEnvironmentName string
param redisName string

@description('How long a conversation is kept after its last event.')
param streamMinutes string = '10'

var appName = 'gateway'

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource environment 'Microsoft.App/managedEnvironments@2025-07-01' existing = {
  name: containerEnvironmentName
}

resource redis 'Microsoft.Cache/redisEnterprise@2025-07-01' existing = {
  name: redisName
}

resource gateway 'Microsoft.App/containerApps@2025-07-01' = {
  name: appName
  location: location
  tags: {
    'azd-env-name': azdEnvironment
    'azd-service-name': 'gateway'
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    environmentId: environment.id
    configuration: {
      activeRevisionsMode: 'Single'
      ingress: {
        external: true
        targetPort: 8080
        transport: 'http'
        allowInsecure: false
      }
      registries: [
        {
          server: registryEndpoint
          identity: identity.id
        }
      ]
    }
    template: {
      terminationGracePeriodSeconds: 30
      containers: [
        {
          name: 'gateway'
          image: imageName
          args: [
            'serve'
            '--no-worker'
            '--waiting-runs-per-caller'
            '0'
            '--host'
            '0.0.0.0'
            '--port'
            '8080'
            '--allowed-host'
            '${appName}.${environment.properties.defaultDomain}'
          ]
          env: [
            { name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }
            { name: 'REDIS_HOST', value: redis.properties.hostName }
            { name: 'REDIS_PORT', value: '10000' }
            { name: 'REDIS_USE_ENTRA_ID', value: 'true' }
            { name: 'REDIS_STREAM_TTL_MINUTES', value: streamMinutes }
            { name: 'LOG_LEVEL', value: 'warning' }
          ]
          // Neither of them asks Redis: an outage there is not cured by a restart here.
          probes: [
            {
              type: 'Liveness'
              httpGet: {
                path: '/api/live'
                port: 8080
              }
              periodSeconds: 10
              failureThreshold: 3
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/api/ready'
                port: 8080
              }
              periodSeconds: 5
              failureThreshold: 3
            }
          ]
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
        }
      ]
      scale: {
        minReplicas: 1
        maxReplicas: 4
      }
    }
  }
}

output SERVICE_GATEWAY_URI string = 'https://${gateway.properties.configuration.ingress.fqdn}'
