/// What can be wrong with a README's blocks or with the markers they name.
enum NarrativeError: Error, Equatable, CustomStringConvertible {
    case unclosedFence(line: Int)
    case malformedMarker(String)
    case missingRegion(String)
    case unclosedRegion(String)
    case repeatedRegion(String)
    case missingLine(String)
    case runFailed(command: String, reason: String)

    var description: String {
        switch self {
        case .unclosedFence(let line): "the block opened in line \(line) is never closed"
        case .malformedMarker(let marker):
            "'\(marker)' is neither 'source: FILE#REGION' nor 'output: PRODUCT …; from: \"…\"; to: \"…\"'"
        case .missingRegion(let name): "there is no '// snippet: \(name)' in the file"
        case .unclosedRegion(let name): "'// snippet: \(name)' has no '// end snippet' before the next one or the end"
        case .repeatedRegion(let name): "'// snippet: \(name)' occurs more than once in the file"
        case .missingLine(let text): "no line of the output contains '\(text)'"
        case .runFailed(let command, let reason): "'\(command)' \(reason)"
        }
    }
}
