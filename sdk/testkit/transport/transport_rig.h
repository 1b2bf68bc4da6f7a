// One transport plugin on a fake host with a fake gate, and clients of it: everything on the test's
// thread.
#pragma once
#include <sara/sara.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "testkit/host/fake_host.h"
#include "testkit/host/plugin_instance.h"
#include "testkit/transport/fake_gate.h"
#include "testkit/transport/wire_client.h"

namespace sara::testkit {

// What the contract suite must know of a transport.
struct TransportKind {
    std::string name;  // "tcp": also the word that the gate is told
    bool tls = false;
    const sara_plugin_desc* (*descriptor)() = nullptr;
    // Config section that listens on a free loopback port; the files are a valid certificate.
    std::string (*config)(const std::string& certfile, const std::string& keyfile,
                          const std::string& more) = nullptr;
    // The client's bytes for one packet, and for a heartbeat.
    std::string (*encode)(std::string_view body) = nullptr;
    std::string heartbeat;
    // Takes whole messages from the front of the server's bytes.
    std::vector<std::string> (*decode)(std::string& bytes) = nullptr;
    std::string heartbeat_answer;  // as decode() gives it
    std::string kill;
    // What a client does first (an upgrade); nullptr: nothing.
    void (*greet)(WireClient& client) = nullptr;
    // Bytes of the server's answer to that at the front of what was received; 0: not whole yet.
    size_t (*welcome)(const std::string& received) = nullptr;
};

struct RigOptions {
    uint32_t loops = 1;
    std::string more_config = {};  // JSON members, each with a comma in front
    size_t mailbox_max = 1'000'000;
};

class TransportRig {
  public:
    explicit TransportRig(const TransportKind& kind, const RigOptions& options = {});
    ~TransportRig();

    // A connected client that pump() drives; lives as long as the rig.
    WireClient& connect(WireClientOptions options = {});
    // A connected client whose session is open; *session gets it.
    WireClient& connected(GateSession** session, WireClientOptions options = {});
    // Turns loops and pumps clients until done(); false after 10 s.
    [[nodiscard]] bool until(const std::function<bool()>& done);
    // As long as anything moves, so that what must not happen had its chance.
    void settle();
    // The messages that a client has received so far, decoded; they are forgotten.
    std::vector<std::string> take(WireClient& client);
    uint16_t port() const { return port_; }

    const TransportKind& kind;
    FakeGate gate;
    FakeHost host;
    PluginInstance plugin;

  private:
    uint16_t port_ = 0;
    std::vector<std::unique_ptr<WireClient>> clients_;
};

// The folder of this test program's files, made on first use.
const std::string& testFolder();

}  // namespace sara::testkit
