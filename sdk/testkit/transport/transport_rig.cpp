#include "testkit/transport/transport_rig.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "testkit/transport/test_certificate.h"

namespace sara::testkit {
namespace {

const CertificateFiles& certificate() {
    static const CertificateFiles files = makeCertificate(testFolder());
    return files;
}

FakeHost::Options hostOptions(const TransportKind& kind, const RigOptions& options) {
    FakeHost::Options o;
    o.loops = options.loops;
    o.mailbox_max = options.mailbox_max;
    o.config_json = kind.config(certificate().certfile, certificate().keyfile, options.more_config);
    o.manifest_json = kind.descriptor()->manifest;
    return o;
}

}  // namespace

const std::string& testFolder() {
    struct Folder {
        std::string path = std::filesystem::temp_directory_path() / "sara-test-XXXXXX";
        Folder() {
            if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary folder");
        }
        ~Folder() {
            std::error_code ignored;
            std::filesystem::remove_all(path, ignored);
        }
    };
    static const Folder folder;
    return folder.path;
}

TransportRig::TransportRig(const TransportKind& k, const RigOptions& options)
    : kind(k), host(hostOptions(k, options)), plugin(host, k.descriptor()) {
    host.provide(SARA_EXT_GATE, gate.table());
    if (plugin.start() != SARA_OK) throw std::runtime_error("start: " + host.error());
    const std::string line = plugin.statusLine();
    port_ = static_cast<uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
    host.settle();
}

TransportRig::~TransportRig() {
    plugin.stop();
    clients_.clear();
}

WireClient& TransportRig::connect(WireClientOptions options) {
    options.tls = kind.tls;
    clients_.push_back(std::make_unique<WireClient>(port_, options));
    if (kind.greet != nullptr) kind.greet(*clients_.back());
    return *clients_.back();
}

WireClient& TransportRig::connected(GateSession** session, WireClientOptions options) {
    const size_t n = gate.opened();
    WireClient& c = connect(options);
    if (!until([&] { return gate.opened() > n && c.handshaken(); })) {
        throw std::runtime_error("the client did not get in");
    }
    settle();  // the server's half of the handshake
    if (kind.welcome != nullptr) {
        size_t bytes = 0;
        if (!until([&] { return (bytes = kind.welcome(c.received())) != 0; })) {
            throw std::runtime_error("the client was not welcomed: " + c.received());
        }
        c.forget(bytes);
    }
    if (session != nullptr) *session = gate.session(n);
    return c;
}

bool TransportRig::until(const std::function<bool()>& done) {
    return host.runUntil([&] {
        for (const auto& c : clients_) c->pump();
        return done();
    });
}

void TransportRig::settle() {
    bool moved = true;
    for (int quiet = 0; quiet < 3;) {
        moved = host.turn();
        for (const auto& c : clients_) moved |= c->pump();
        quiet = moved ? 0 : quiet + 1;
    }
}

std::vector<std::string> TransportRig::take(WireClient& client) {
    std::string bytes = client.received();
    client.forget();
    std::vector<std::string> messages = kind.decode(bytes);
    if (!bytes.empty()) messages.push_back("UNFINISHED: " + bytes);
    return messages;
}

}  // namespace sara::testkit
