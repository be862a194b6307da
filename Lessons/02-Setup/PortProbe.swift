import Foundation

/// Whether anything accepts connections on a port of this machine, be it Redis or not.
///
/// A connection to the own machine is accepted or refused at once, so that the call does not block.
func somethingListens(onPort port: UInt16) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return accepts(AF_INET, &address, MemoryLayout<sockaddr_in>.size) || acceptsOnIPv6(port)
}

private func acceptsOnIPv6(_ port: UInt16) -> Bool {
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    address.sin6_addr = in6addr_loopback
    return accepts(AF_INET6, &address, MemoryLayout<sockaddr_in6>.size)
}

private func accepts(_ family: Int32, _ address: UnsafeRawPointer, _ size: Int) -> Bool {
    #if canImport(Glibc)
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
    #else
    let descriptor = socket(family, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    return connect(descriptor, address.assumingMemoryBound(to: sockaddr.self), socklen_t(size)) == 0
}
