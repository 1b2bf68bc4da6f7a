// The plugin: reads the settings, opens the door, says where it listens.
#include <Poco/Exception.h>

#include <memory>
#include <sara/plugin.hpp>

#include "http_server.h"
#include "manifest.h"

namespace sara::rpc_http {

class RpcHttp : public Plugin {
  public:
    Result<void> init() override {
        if (!SARA_HAS_FN(sara_rpc, host().rpc, call_flags)) {
            return Error{Status::kUnsupported, "this server cannot tell who may call a command"};
        }
        settings_ = Settings::read(config());
        guard_ =
            std::make_unique<TokenGuard>(settings_.token, settings_.wrong_tokens_per_minute_max);
        calls_ = std::make_unique<LoopCalls>(host(), settings_.call_timeout_ms);
        door_ = std::make_unique<RpcDoor>(host(), *guard_, *calls_);
        pages_ = std::make_unique<StatusPages>(host(), *calls_);
        desk_ =
            std::make_unique<Desk>(Desk{settings_, *door_, *pages_, *guard_,
                                        metrics().counter("rpc_http_body_too_large_total",
                                                          "requests refused at body_bytes_max")});
        return {};
    }

    Result<void> start() override {
        try {
            server_ = std::make_unique<HttpServer>(*desk_, metrics());
        } catch (const Poco::Exception& e) {
            const std::string where = settings_.address + ":" + std::to_string(settings_.port);
            return Error{Status::kIo,
                         "cannot listen on " + where + " (rpcbind, rpcport): " + e.displayText()};
        }
        line_ = "rpc " + server_->address();
        if (settings_.token.empty()) {
            log().warn("accesstoken is empty: whoever reaches ", server_->address(),
                       " may kick users and push packets; set accesstoken (sara setup writes a "
                       "random one)");
        }
        return {};
    }

    void stop() override { server_.reset(); }
    std::string_view statusLine() override { return line_; }

  private:
    Settings settings_;
    std::unique_ptr<TokenGuard> guard_;
    std::unique_ptr<LoopCalls> calls_;
    std::unique_ptr<RpcDoor> door_;
    std::unique_ptr<StatusPages> pages_;
    std::unique_ptr<Desk> desk_;
    std::unique_ptr<HttpServer> server_;
    std::string line_;
};

}  // namespace sara::rpc_http

using sara::rpc_http::RpcHttp;
SARA_PLUGIN(RpcHttp)
