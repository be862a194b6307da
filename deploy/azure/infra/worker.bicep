// The agents' worker, which `azd deploy` rolls out with the image it has built. Nobody can call it.
param location string
param azdEnvironment string
param imageName string
param identityName string
param registryEndpoint string
param containerEnvironmentName string
param redisName string
param modelEndpoint string
param modelDeployment string

@description('What the token for the model is for. Pages of Azure differ; https://ai.azure.com/.default is the other one.')
param modelScope string = 'https://cognitiveservices.azure.com/.default'

@description('Whether Redis accepts access keys: then the workers are scaled by the length of the queue.')
param redisAccessKeys bool = false

@description('How long a conversation is kept after its last event.')
param streamMinutes string = '10'

// The queue's three priorities. What is done is deleted, so the length of a stream is what waits and what runs.
var streams = [
  { name: 'high', key: '{agent-tasks}:high' }
  { name: 'normal', key: 'agent-tasks' }
  { name: 'low', key: '{agent-tasks}:low' }
]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: identityName
}

resource environment 'Microsoft.App/managedEnvironments@2025-07-01' existing = {
  name: containerEnvironmentName
}

resource redis 'Microsoft.Cache/redisEnterprise@2025-07-01' existing = {
  name: redisName
}

resource database 'Microsoft.Cache/redisEnterprise/databases@2025-07-01' existing = {
  parent: redis
  name: 'default'
}

// KEDA knows no identities for Redis, so it needs a key. Half of a worker's 16 places: then the next one starts.
var scaleRules = [
  for stream in streams: {
    name: 'queue-${stream.name}'
    custom: {
      type: 'redis-streams'
      metadata: {
        address: '${redis.properties.hostName}:10000'
        enableTLS: 'true'
        stream: stream.key
        streamLength: '8'
      }
      auth: [
        {
          secretRef: 'redis-key'
          triggerParameter: 'password'
        }
      ]
    }
  }
]

resource worker 'Microsoft.App/containerApps@2025-07-01' = {
  name: 'worker'
  location: location
  tags: {
    'azd-env-name': azdEnvironment
    'azd-service-name': 'worker'
  }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    environmentId: environment.id
    configuration: {
      activeRevisionsMode: 'Single'
      secrets: redisAccessKeys ? [{ name: 'redis-key', value: database.listKeys().primaryKey }] : []
      registries: [
        {
          server: registryEndpoint
          identity: identity.id
        }
      ]
    }
    template: {
      // A worker hands its tasks back within two seconds of SIGTERM.
      terminationGracePeriodSeconds: 30
      containers: [
        {
          name: 'worker'
          image: imageName
          args: ['work', '--model', 'azure']
          env: [
            { name: 'AZURE_CLIENT_ID', value: identity.properties.clientId }
            { name: 'AZURE_OPENAI_ENDPOINT', value: modelEndpoint }
            { name: 'AZURE_OPENAI_CHAT_DEPLOYMENT_NAME', value: modelDeployment }
            { name: 'AZURE_OPENAI_SCOPE', value: modelScope }
            { name: 'REDIS_HOST', value: redis.properties.hostName }
            { name: 'REDIS_PORT', value: '10000' }
            { name: 'REDIS_USE_ENTRA_ID', value: 'true' }
            { name: 'REDIS_STREAM_TTL_MINUTES', value: streamMinutes }
            { name: 'LOG_LEVEL', value: 'warning' }
          ]
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
        }
      ]
      scale: {
        minReplicas: 1
        maxReplicas: redisAccessKeys ? 10 : 1
        rules: redisAccessKeys ? scaleRules : []
      }
    }
  }
}
