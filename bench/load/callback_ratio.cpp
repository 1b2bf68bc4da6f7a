// Does chat notice a backend that misbehaves? One server, pairs of users who chat, and beside them
// a steady storm of logins, packets to unknown groups and packets to users who are away, all of
// which ask the backend. The same for each mode of the test's backend, with a good one before and
// after; prints delivered packets per second, p99 and the ratio to the good ones of the same run.
// usage: callback_ratio [seconds per mode [name of one mode]]
#include <Poco/JSON/Object.h>
#include <Poco/JSON/Parser.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <stdexcept>

#include "kit/backend.h"
#include "kit/client.h"
#include "kit/conf.h"
#include "kit/server_process.h"
#include "kit/temp_folder.h"
#include "kit/tls_identity.h"

namespace sara::wire {
namespace {

constexpr size_t kPairs = 50;
constexpr Millis kStormEvery{5};
constexpr size_t kStormClients = 100;

struct Case {
    const char* name;
    BackendMode mode;
    bool wrong_certificate = false;
};

constexpr Case kCases[] = {
    {"good", BackendMode::kGood},
    {"refuse", BackendMode::kRefuse},
    {"black hole", BackendMode::kBlackHole},
    {"reset after headers", BackendMode::kResetAfterHeaders},
    {"5 s slow", BackendMode::kSlow},
    {"one byte per second", BackendMode::kByteByByte},
    {"endless body", BackendMode::kEndlessBody},
    {"huge Content-Length", BackendMode::kHugeLength},
    {"negative length", BackendMode::kNegativeLength},
    {"2,000 headers", BackendMode::kManyHeaders},
    {"redirect loop", BackendMode::kRedirectLoop},
    {"200 with HTML", BackendMode::kHtml},
    {"\"true\" as text", BackendMode::kTextTrue},
    {"500 then good", BackendMode::kErrorThenGood},
    {"wrong certificate", BackendMode::kGood, true},
};

class Measurement {
  public:
    explicit Measurement(int seconds) : seconds_(seconds) {
        writeTlsIdentity(good_.cert_path, good_.key_path);
        writeTlsIdentity(bad_.cert_path, bad_.key_path);
    }

    struct Outcome {
        double per_s, p99_us, cpu_s;  // cpu_s: of the server, per million packets
    };
    Outcome run(const Case& c) {
        auto backend = std::make_unique<Backend>(BackendMode::kGood, good_);
        const uint16_t port = backend->port();
        Conf conf = Conf::inFolder(folder_.file("server"));
        conf.setText("callback", backend->url("localhost"));
        conf.set("enable_auth", "true").set("enable_offline_callback", "true").set("loops", "1");
        conf.setText("logfile", "").setText("datadir", folder_.file("data"));
        conf.set("plugins.auth-callback", R"({"ca_file":")" + good_.cert_path + "\"}");
        conf.setText("pidfile", folder_.file("pid"));
        std::filesystem::remove_all(folder_.file("data"));
        ServerProcess server(folder_.path().string(), conf);
        Client writer(server.port());
        writer.loginAndAck("writer@t.com");
        const std::string output = folder_.file("load");
        std::filesystem::remove(output);
        ChildProcess load(
            {SARA_BINARY_DIR "/bench/emsg_load", "chat", "--pairs", std::to_string(kPairs),
             "--window", "4", "--warmup", "2", "--seconds", std::to_string(seconds_), "--port",
             std::to_string(server.port()), "--pid", std::to_string(server.pid())},
            output);
        if (!backend->waitRequests(2 * kPairs + 1, "auth")) throw std::runtime_error(load.output());
        backend.reset();
        backend = std::make_unique<Backend>(c.mode, c.wrong_certificate ? bad_ : good_, port);
        storm(server, writer, load);
        return read(load.output());
    }

  private:
    // Until the load has ended, at most a minute.
    void storm(ServerProcess& server, Client& writer, ChildProcess& load) {
        std::deque<Client> clients;
        const Deadline end(Millis(60'000));
        for (int i = 0; !load.waitExit(kStormEvery) && !end.passed(); ++i) {
            const std::string number = std::to_string(i);
            clients.emplace_back(server.port());
            clients.back().send(loginPacket("L", "x" + number + "@t.com", "x"));
            if (clients.size() > kStormClients) clients.pop_front();
            writer.send(chatPacket("g" + number, "writer@t.com", "", "x", false, 2,
                                   R"(,"gid":"group)" + number + R"(")"));
            writer.send(
                chatPacket("o" + number, "writer@t.com", "away" + number + "@t.com", "x", false));
            while (writer.next(Millis(0))) {
            }
        }
    }

    static Outcome read(const std::string& output) {
        const std::string text = output.substr(std::min(output.find('{'), output.size()));
        const auto line = Poco::JSON::Parser().parse(text).extract<Poco::JSON::Object::Ptr>();
        return {line->getValue<double>("delivered_per_s"),
                line->getValue<double>("delivery_p99_us"),
                line->getValue<double>("server_cpu_s_per_million")};
    }

    const int seconds_;
    TempFolder folder_;
    const Backend::Identity good_{folder_.file("good.pem"), folder_.file("good.key")};
    const Backend::Identity bad_{folder_.file("bad.pem"), folder_.file("bad.key")};
};

}  // namespace
}  // namespace sara::wire

int main(int argc, char** argv) {
    using namespace sara::wire;
    try {
        Measurement measurement(argc > 1 ? std::atoi(argv[1]) : 3);
        const std::string only = argc > 2 ? argv[2] : "";
        std::printf(
            "| backend | delivered/s | p99 ms | CPU s/million | rate, p99, CPU to good |\n");
        std::printf("|---|---|---|---|---|\n");
        for (const Case& c : kCases) {
            if (!only.empty() && only != c.name) continue;
            // Each beside a good one of its own: other work on the machine comes and goes.
            const auto good = measurement.run(kCases[0]);
            const auto now = measurement.run(c);
            std::printf("| %s | %.0f | %.2f | %.2f | %.2f, %.2f, %.2f |\n", c.name, now.per_s,
                        now.p99_us / 1000, now.cpu_s, now.per_s / good.per_s,
                        now.p99_us / good.p99_us, now.cpu_s / good.cpu_s);
            std::fflush(stdout);
        }
    } catch (const std::exception& e) {
        std::fprintf(stderr, "callback_ratio: %s\n", e.what());
        return 1;
    }
}
