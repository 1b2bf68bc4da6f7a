// POCO's HTTP server on threads of its own, within limits. Decides how it starts and ends; refuses
// to hold more than threads_max connections plus queue_max that wait.
#pragma once
#include <Poco/Net/HTTPServerParams.h>
#include <Poco/Net/ServerSocket.h>
#include <Poco/Net/TCPServer.h>
#include <Poco/ThreadPool.h>

#include <memory>
#include <string>

#include "page_handler.h"

namespace sara::rpc_http {

class HttpServer {
  public:
    // [control] Listens and serves. Throws Poco::Exception when the address cannot be had. desk
    // outlives this.
    HttpServer(Desk& desk, const Metrics& metrics);
    ~HttpServer();  // stop()
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    // [control] Nobody new; what is under way is cut. Its threads are joined when this returns.
    void stop();
    // [control] "127.0.0.1:4280"
    std::string address() const { return socket_.address().toString(); }

  private:
    class Connection;
    class Factory;

    static Poco::Net::ServerSocket listen(const Settings& settings);
    static ConnectionClock::Times timesOf(const Settings& settings);

    Desk& desk_;
    Poco::Net::ServerSocket socket_;
    Poco::Net::HTTPServerParams::Ptr params_;
    Counter cut_, refused_;
    Gauge connections_;
    Poco::ThreadPool threads_;
    std::unique_ptr<ConnectionClock> clock_;
    std::unique_ptr<Poco::Net::TCPServer> server_;
    int refused_seen_ = 0;  // clock's thread, then stop()
};

}  // namespace sara::rpc_http
