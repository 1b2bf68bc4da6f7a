#include "http_server.h"

#include <Poco/Net/HTTPRequestHandlerFactory.h>
#include <Poco/Net/HTTPServerConnection.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/TCPServerConnectionFactory.h>

#include <algorithm>

namespace sara::rpc_http {
namespace {

constexpr int kBacklog = 128;  // docs/limits.md: rpc_backlog
constexpr Poco::Timespan::TimeDiff kIdleWaitMs = 250;

class Handlers : public Poco::Net::HTTPRequestHandlerFactory {
  public:
    Handlers(Desk& desk, ConnectionClock::Entry& entry) : desk_(desk), entry_(entry) {}
    Poco::Net::HTTPRequestHandler* createRequestHandler(
        const Poco::Net::HTTPServerRequest&) override {
        return new PageHandler(desk_, entry_);
    }

  private:
    Desk& desk_;
    ConnectionClock::Entry& entry_;
};

}  // namespace

// One connection on its thread. The clock knows it as long as POCO serves it.
class HttpServer::Connection : public Poco::Net::TCPServerConnection {
  public:
    Connection(const Poco::Net::StreamSocket& socket, HttpServer& server)
        : TCPServerConnection(socket), server_(server) {}
    void run() override {
        server_.connections_.add(1);
        try {
            ConnectionClock::Entry entry(*server_.clock_, socket());
            Poco::Net::HTTPServerConnection http(socket(), server_.params_,
                                                 new Handlers(server_.desk_, entry));
            static_cast<Poco::Net::TCPServerConnection&>(http).run();
        } catch (const Poco::Exception&) {
            // The caller broke off, or was cut; he has been told what could be told.
        }
        server_.connections_.add(-1);
    }

  private:
    HttpServer& server_;
};

class HttpServer::Factory : public Poco::Net::TCPServerConnectionFactory {
  public:
    explicit Factory(HttpServer& server) : server_(server) {}
    Poco::Net::TCPServerConnection* createConnection(
        const Poco::Net::StreamSocket& socket) override {
        return new Connection(socket, server_);
    }

  private:
    HttpServer& server_;
};

Poco::Net::ServerSocket HttpServer::listen(const Settings& settings) {
    Poco::Net::ServerSocket socket;
    // Never SO_REUSEPORT: a second server on the port is an error, not half of the calls.
    if (settings.address.empty() || settings.address == "*") {
        socket.bind6(settings.port, true, false, false);
    } else {
        const Poco::Net::SocketAddress address(settings.address, settings.port);
        if (address.family() == Poco::Net::SocketAddress::IPv6) {
            socket.bind6(address, true, false, true);
        } else {
            socket.bind(address, true, false);
        }
    }
    socket.listen(kBacklog);
    return socket;
}

ConnectionClock::Times HttpServer::timesOf(const Settings& s) {
    using Millis = ConnectionClock::Millis;
    return {Millis(s.request_timeout_ms), Millis(s.keep_alive_timeout_ms),
            Millis(uint64_t{s.call_timeout_ms} + s.request_timeout_ms)};
}

HttpServer::HttpServer(Desk& desk, const Metrics& metrics)
    : desk_(desk),
      socket_(listen(desk.settings)),
      params_(new Poco::Net::HTTPServerParams),
      threads_("rpc-http", 2, static_cast<int>(desk.settings.threads_max) + 1, 60) {
    const Settings& s = desk.settings;
    cut_ = metrics.counter("rpc_http_cut_total", "connections that were too slow");
    connections_ = metrics.gauge("rpc_http_connections", "connections that have a thread");
    refused_ = metrics.counter("rpc_http_refused_total", "connections refused at queue_max");
    params_->setMaxThreads(static_cast<int>(s.threads_max));
    params_->setMaxQueued(static_cast<int>(s.queue_max));
    params_->setTimeout(Poco::Timespan(Poco::Timespan::TimeDiff(s.request_timeout_ms) * 1000));
    params_->setKeepAliveTimeout(
        Poco::Timespan(Poco::Timespan::TimeDiff(s.keep_alive_timeout_ms) * 1000));
    params_->setKeepAlive(true);
    // POCO's stop() may miss a thread that is just about to wait for a connection: it ends when its
    // wait does, by default after ten seconds.
    params_->setThreadIdleTime(Poco::Timespan(kIdleWaitMs * 1000));
    clock_ = std::make_unique<ConnectionClock>(
        timesOf(s),
        [this] {
            // Not yet there while the constructor runs; then nothing waits either.
            const int refused = server_->refusedConnections();
            refused_.add(static_cast<uint64_t>(std::max(0, refused - refused_seen_)));
            refused_seen_ = std::max(refused, refused_seen_);
            return server_->queuedConnections();
        },
        [this] { cut_.add(); });
    server_ =
        std::make_unique<Poco::Net::TCPServer>(new Factory(*this), threads_, socket_, params_);
    server_->start();
}

HttpServer::~HttpServer() { stop(); }

void HttpServer::stop() {
    if (server_ == nullptr) return;
    server_->stop();
    clock_->stop();
    threads_.joinAll();
    clock_.reset();
    server_.reset();
    socket_.close();
}

}  // namespace sara::rpc_http
