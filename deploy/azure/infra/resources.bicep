// Everything in the resource group but the two apps. No secret leaves this file: apps show an identity.
param location string
param tags object
param token string
param modelName string
param modelVersion string
param modelCapacity int
param modelSku string
param redisSku string
param redisAccessKeys bool
param principalId string
param principalType string

var pullImages = '7f951dda-4ed3-4680-a7ca-43fe172d538d' // AcrPull
var useModel = '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd' // Cognitive Services OpenAI User

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${token}'
  location: location
  tags: tags
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: 'cr${token}'
  location: location
  tags: tags
  sku: { name: 'Basic' }
  properties: { adminUserEnabled: false }
}

// The apps come later, in `azd deploy`: by then the identity can pull.
resource pulling 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, identity.id, pullImages)
  scope: registry
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', pullImages)
  }
}

resource logs 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: 'log-${token}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
  }
}

resource redis 'Microsoft.Cache/redisEnterprise@2025-07-01' = {
  name: 'redis-${token}'
  location: location
  tags: tags
  sku: { name: redisSku }
  properties: {
    minimumTlsVersion: '1.2'
    publicNetworkAccess: 'Enabled'
  }
}

resource database 'Microsoft.Cache/redisEnterprise/databases@2025-07-01' = {
  parent: redis
  name: 'default'
  properties: {
    clientProtocol: 'Encrypted'
    port: 10000
    // StreamKit speaks to one server; OSSCluster would answer MOVED.
    clusteringPolicy: 'EnterpriseCluster'
    // Conversations expire by themselves: the default policy would evict them earlier, and the queue with them.
    evictionPolicy: 'NoEviction'
    accessKeysAuthentication: redisAccessKeys ? 'Enabled' : 'Disabled'
  }
}

resource appsUseRedis 'Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments@2025-07-01' = {
  parent: database
  name: 'apps'
  properties: {
    accessPolicyName: 'default'
    user: { objectId: identity.properties.principalId }
  }
}

resource deployerUsesRedis 'Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments@2025-07-01' = if (!empty(principalId)) {
  parent: database
  name: 'deployer'
  properties: {
    accessPolicyName: 'default'
    user: { objectId: principalId }
  }
  // Two changes to one database at once are refused.
  dependsOn: [appsUseRedis]
}

resource ai 'Microsoft.CognitiveServices/accounts@2025-12-01' = {
  name: 'ai-${token}'
  location: location
  tags: tags
  kind: 'AIServices'
  sku: { name: 'S0' }
  properties: {
    // Tokens of identities work only at an address of the account's own.
    customSubDomainName: 'ai-${token}'
    disableLocalAuth: true
    publicNetworkAccess: 'Enabled'
  }
}

resource chat 'Microsoft.CognitiveServices/accounts/deployments@2025-12-01' = {
  parent: ai
  name: 'chat'
  sku: {
    name: modelSku
    capacity: modelCapacity
  }
  properties: {
    model: {
      format: 'OpenAI'
      name: modelName
      version: modelVersion
    }
  }
}

resource appsUseModel 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(ai.id, identity.id, useModel)
  scope: ai
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', useModel)
  }
}

resource deployerUsesModel 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(principalId)) {
  name: guid(ai.id, principalId, useModel)
  scope: ai
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', useModel)
  }
}

resource environment 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: 'cae-${token}'
  location: location
  tags: tags
  properties: {
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: {
        customerId: logs.properties.customerId
        sharedKey: logs.listKeys().primarySharedKey
      }
    }
  }
}

output registryEndpoint string = registry.properties.loginServer
output environmentName string = environment.name
output identityName string = identity.name
output modelEndpoint string = 'https://${ai.name}.openai.azure.com'
output modelDeployment string = chat.name
output redisName string = redis.name
