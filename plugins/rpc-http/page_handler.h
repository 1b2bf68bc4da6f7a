// One HTTP request: its path, its CORS headers, its body within its limit. Decides the HTTP side of
// every answer; what a request means is the door's and the pages' work. Knows no socket.
#pragma once
#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPServerRequest.h>
#include <Poco/Net/HTTPServerResponse.h>

#include <string>

#include "connection_clock.h"
#include "rpc_door.h"
#include "settings.h"
#include "status_pages.h"

namespace sara::rpc_http {

// What all handlers share. Outlives them.
struct Desk {
    const Settings& settings;
    RpcDoor& door;
    StatusPages& pages;
    TokenGuard& guard;
    Counter too_large;
};

class PageHandler : public Poco::Net::HTTPRequestHandler {
  public:
    PageHandler(Desk& desk, ConnectionClock::Entry& entry) : desk_(desk), entry_(entry) {}
    void handleRequest(Poco::Net::HTTPServerRequest& request,
                       Poco::Net::HTTPServerResponse& response) override;

  private:
    using Request = Poco::Net::HTTPServerRequest;
    using Response = Poco::Net::HTTPServerResponse;

    bool readBody(Request& request, std::string& body);
    void api(Request& request, Response& response, const std::string& query,
             const std::string& body);
    void preflight(Request& request, Response& response);
    void metrics(Request& request, Response& response);
    bool mayReadMetrics(Request& request, int& status);
    void send(Response& response, int status, const std::string& type, const std::string& body);

    Desk& desk_;
    ConnectionClock::Entry& entry_;
};

}  // namespace sara::rpc_http
