import Foundation
import Testing

@testable import AgentKit

@Suite("Settings of a model")
struct ModelSettingsTests {
    @Test func `a file may hold quotes, export, comments and any line ending`() throws {
        for lineEnd in ["\n", "\r\n", "\r"] {
            let text = [
                "\u{FEFF}# a comment", "", "PLAIN=a value # and a comment", "  export EXPORTED = exported  ",
                "SINGLE='a \"b\" $c \\n # d' # comment", #"DOUBLE="a 'b' \"c\" \$d \\ \n#e""#, "EMPTY=",
                "EQUALS=a=b#c", "TWICE=1", "TWICE=2", "ONLYCOMMENT= # nothing", "export",
            ].dropLast().joined(separator: lineEnd)
            #expect(
                try DotEnvFile(parsing: text).values == [
                    "PLAIN": "a value", "EXPORTED": "exported", "SINGLE": #"a "b" $c \n # d"#,
                    "DOUBLE": "a 'b' \"c\" $d \\ \n#e", "EMPTY": "", "EQUALS": "a=b#c", "TWICE": "2",
                    "ONLYCOMMENT": "",
                ])
        }
    }

    @Test(arguments: [
        "s3cret", "=s3cret", "A B=s3cret", "1A=s3cret", "A='s3cret", "A=\"s3cret", "A='x' s3cret", "Ä=s3cret",
    ])
    func `a line that is not a setting is named by its number, not by its content`(line: String) throws {
        let error = #expect(throws: ModelSettingsError.self) { try DotEnvFile(parsing: "GOOD=1\r\n\r\n\(line)\r\n") }
        #expect(error?.description.contains("line 3") == true && error?.description.contains("s3cret") == false)
    }

    @Test func `the environment counts for more than the file, and what is empty is not set`() throws {
        let file = "OPENAI_MODEL='from the file'\nOPENAI_BASE_URL=http://127.0.0.1:1/v1\n"
        try withFile(file) { path in
            let both = try remote(.openai, ["OPENAI_MODEL": "from the environment"], path)
            #expect(both.name == "from the environment" && both.endpoint.url.port == 1)
            #expect(try remote(.openai, ["OPENAI_MODEL": ""], path).name == "from the file")
        }
    }

    @Test func `a server of one's own needs no key, OpenAI does`() throws {
        let own = try remote(.openai, ["OPENAI_MODEL": "m", "OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"])
        #expect(own.endpoint.credential.description == "none")
        let error = #expect(throws: ModelSettingsError.self) { try remote(.openai, ["OPENAI_MODEL": "m"]) }
        #expect(error?.description.contains("OPENAI_API_KEY is not set") == true)
        let openAI = try remote(.responses, ["OPENAI_MODEL": "m", "OPENAI_API_KEY": "k"])
        #expect(openAI.endpoint.url.absoluteString == "https://api.openai.com/v1/responses")
        #expect(openAI.endpoint.credential.description == "bearer key")
    }

    @Test(arguments: ["s3cr\net", "s3cr et", "s3crét", "s3cr\u{0}et"])
    func `a key that no header may hold is refused, and not shown`(key: String) async throws {
        let settings = ["OPENAI_MODEL": "m", "OPENAI_API_KEY": key]
        let error = #expect(throws: ModelSettingsError.self) { try remote(.openai, settings) }
        #expect(error?.description.hasPrefix("OPENAI_API_KEY holds") == true)
        #expect(error?.description.contains("s3cr") == false)
        let sent = await #expect(throws: ModelError.self) { try await SentCredential(.bearer(key)) }
        #expect(sent?.description.contains("s3cr") == false)
    }

    @Test func `a line break that was copied with a key is left out`() async throws {
        let model = try remote(.openai, ["OPENAI_MODEL": "m", "OPENAI_API_KEY": " s3cret\r\n"])
        #expect(try await SentCredential(model.endpoint.credential).header?.value == "Bearer s3cret")
    }

    @Test func `Azure takes the key in its own header, and without a key asks for an identity`() throws {
        let names = [
            "AZURE_OPENAI_ENDPOINT": "https://n.openai.azure.com", "AZURE_OPENAI_CHAT_DEPLOYMENT_NAME": "d",
            "AZURE_OPENAI_API_VERSION": "2024-10-21",
        ]
        let keyed = try remote(.azure, names.merging(["AZURE_OPENAI_API_KEY": "k"]) { $1 })
        #expect(keyed.name == "d" && keyed.endpoint.credential.description == "api-key")
        #expect(keyed.endpoint.url.query() == "api-version=2024-10-21")
        let identity = try remote(.azure, names)
        #expect(identity.endpoint.credential.description == "token for https://cognitiveservices.azure.com/.default")
        let other = try remote(.azure, names.merging(["AZURE_OPENAI_SCOPE": "https://ai.azure.com/.default"]) { $1 })
        #expect(other.endpoint.credential.description == "token for https://ai.azure.com/.default")
    }

    @Test(arguments: [
        (ModelKind.openai, "OPENAI_MODEL"), (.responses, "OPENAI_MODEL"), (.azure, "AZURE_OPENAI_ENDPOINT"),
    ])
    func `a setting that is missing is named`(kind: ModelKind, name: String) {
        let error = #expect(throws: ModelSettingsError.self) { try remote(kind, [:]) }
        #expect(error?.description.contains("\(name) is not set") == true)
    }

    @Test func `options are read as numbers`() throws {
        let names = ["OPENAI_MODEL": "m", "OPENAI_API_KEY": "k", "OPENAI_TEMPERATURE": "0.5"]
        #expect(try remote(.openai, names).options == ModelOptions(temperature: 0.5))
        for (name, value, what) in [
            ("OPENAI_MAX_COMPLETION_TOKENS", "many", "a whole number of 1 or more"),
            ("OPENAI_MAX_COMPLETION_TOKENS", "-5", "a whole number of 1 or more"),
            ("OPENAI_TEMPERATURE", "nan", "a number"),
        ] {
            let error = #expect(throws: ModelSettingsError.self) {
                try remote(.openai, names.merging([name: value]) { $1 })
            }
            #expect(error?.description == "\(name) is '\(value)', which is not \(what).")
        }
    }

    @Test func `an unknown model is answered with those there are`() {
        let error = #expect(throws: ModelSettingsError.self) { try ModelKind(named: "gpt") }
        #expect(error?.description == "There is no model 'gpt'. There are: scripted, openai, responses, azure.")
    }

    @Test func `printing the settings does not show the key`() throws {
        let settings = try ModelSettings(environment: ["OPENAI_API_KEY": "s3cret"], file: "/nonexistent/.env")
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!"\(settings)\(dumped)\(String(reflecting: settings))".contains("s3cret"))
    }

    private func remote(
        _ kind: ModelKind, _ environment: [String: String], _ file: String = "/nonexistent/.env"
    ) throws -> RemoteModel {
        let settings = try ModelSettings(environment: environment, file: file)
        return try #require(
            try settings.model(kind, scripted: TestModel { _ in .init { $0.finish() } }) as? RemoteModel)
    }

    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try Data(text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        try body(file.path())
    }
}
