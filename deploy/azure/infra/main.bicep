// What `azd provision` creates: one resource group with everything but the two apps, which `azd deploy` rolls out.
targetScope = 'subscription'

@minLength(1)
@maxLength(64)
@description('The name of the environment; it becomes a part of every name.')
param environmentName string

@description('Where everything is. Azure Managed Redis and the model have to be available there.')
param location string

@description('The model to deploy, for example one that `az cognitiveservices model list` shows. Models are retired: there is no default.')
param modelName string

@description('The version of the model.')
param modelVersion string

@description('Thousands of tokens a minute.')
param modelCapacity int = 50

@description('How the model is billed and where it runs.')
param modelSku string = 'GlobalStandard'

@description('The size of Azure Managed Redis.')
param redisSku string = 'Balanced_B0'

@description('Whether Redis accepts access keys beside identities. Only KEDA needs one, to scale the workers by the length of the queue.')
param redisAccessKeys bool = false

@description('Who deploys; gets the rights that the apps have, to try things from a laptop. Empty: nobody.')
param principalId string = ''

@description('Whether that is a User, a Group or a ServicePrincipal.')
param principalType string = 'User'

var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module resources 'resources.bicep' = {
  name: 'resources'
  scope: group
  params: {
    location: location
    tags: tags
    token: toLower(uniqueString(subscription().id, environmentName, location))
    modelName: modelName
    modelVersion: modelVersion
    modelCapacity: modelCapacity
    modelSku: modelSku
    redisSku: redisSku
    redisAccessKeys: redisAccessKeys
    principalId: principalId
    principalType: principalType
  }
}

// azd keeps these, and gives them to gateway.parameters.json and worker.parameters.json.
output AZURE_RESOURCE_GROUP string = group.name
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = resources.outputs.registryEndpoint
output AZURE_CONTAINER_ENVIRONMENT_NAME string = resources.outputs.environmentName
output AZURE_IDENTITY_NAME string = resources.outputs.identityName
output AZURE_OPENAI_ENDPOINT string = resources.outputs.modelEndpoint
output AZURE_OPENAI_CHAT_DEPLOYMENT_NAME string = resources.outputs.modelDeployment
output AZURE_REDIS_NAME string = resources.outputs.redisName
output AZURE_REDIS_ACCESS_KEYS bool = redisAccessKeys
