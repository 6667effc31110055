#include "tools/simulate/stories.h"

#include "tools/simulate/address_plan.h"
#include "tools/simulate/agents.h"
#include "tools/simulate/organisation.h"

namespace straykey {
namespace {

using From::foreign_endpoint;
using From::home;
using From::network;

constexpr std::string_view kSuspicious = "remote_service_token.suspicious", kRemote = "remote_service_token";
constexpr std::string_view kEksRemote = "remote_service_token.eks_remote",
                           kEksSuspicious = "remote_service_token.eks_suspicious";
constexpr std::string_view kEcsSuspicious = "remote_service_token.ecs_suspicious",
                           kEcsRemote = "remote_service_token.ecs_remote";
constexpr std::string_view kCli = "serverless_cli", kAwsCli = "serverless_cli.aws_cli",
                           kUnusual = "serverless_cli.unusual";

constexpr std::string_view kConsole = "misused_service_token.console", kPasted = "misused_service_token.pasted",
                           kAttackTool = "misused_service_token.attack_tool",
                           kExchanged = "misused_service_token.exchanged", kPlatform = "misused_service_token.platform";

std::vector<Story> lambda_thefts() {
  return {
      {"lambda-key-at-a-hoster",
       "The key of orders-api is used at a hosting network that nobody here ever used; again on the next days, which "
       "the first "
       "alert takes in; and on the fifth day after it, which is a second alert, because an unanswered pair stays in "
       "quarantine.",
       {{17, 9, "orders-api", network, asn::kHostingOne, agent::kPythonAnywhere},
        {18, 10, "orders-api", network, asn::kHostingOne, agent::kPythonAnywhere},
        {21, 23, "orders-api", network, asn::kHostingOne, agent::kPythonAnywhere},
        {22, 0, "orders-api", network, asn::kHostingOne, agent::kPythonAnywhere}},
       {{17, kSuspicious, "orders-api"}, {22, kSuspicious, "orders-api"}}},
      {"same-thief-second-workload",
       "The same thief, at the same address, with the key of invoice-render two days later: what only a quarantined "
       "pair taught does "
       "not make the network known. The issuing event that proves the key is delivered after its use, in another file.",
       {{19, 14, "invoice-render", network, asn::kHostingOne, agent::kPythonAnywhere}},
       {{19, kSuspicious, "invoice-render"}}},
      {"lambda-key-behind-the-vpn",
       "The key of thumbnailer is used from the VPN's network, which bob uses every day: the weak tier.",
       {{18, 11, "thumbnailer", network, asn::kVpn, agent::kPythonAnywhere}},
       {{18, kRemote, "thumbnailer"}}},
      {"weak-then-strong",
       "The key of price-feed is used behind the VPN with an SDK (weak), and two days later from there with aws-cli, "
       "which this "
       "function never used: a second, strong alert beside the weak one, and one for the command line, which a build "
       "job uses.",
       {{20, 8, "price-feed", network, asn::kVpn, agent::kPythonAnywhere},
        {22, 9, "price-feed", network, asn::kVpn, agent::kLinuxCli}},
       {{20, kRemote, "price-feed"}, {22, kSuspicious, "price-feed"}, {22, kAwsCli, "price-feed", "aws-cli"}}},
      {"lambda-key-on-a-mac",
       "The key of loyalty-points is used with aws-cli on macOS, at a small hoster: no Lambda function runs macOS.",
       {{26, 16, "loyalty-points", network, asn::kHoster + 1, agent::kMacCli}},
       {{26, kSuspicious, "loyalty-points"}, {26, kUnusual, "loyalty-points", "aws-cli"}}},
      {"lambda-key-through-a-foreign-endpoint",
       "The key of receipts-archive comes from a private address, through a VPC endpoint whose owner is none of our "
       "accounts.",
       {{29, 13, "receipts-archive", foreign_endpoint, 0, agent::kPythonAnywhere}},
       {{29, kSuspicious, "receipts-archive"}}},
      {"account-opened-last-week",
       "pilot-api of an account four days old is used at a small hoster: the weak tier, because other accounts of the "
       "organisation are active.",
       {{36, 13, "pilot-api", network, asn::kHoster + 7, agent::kPythonAnywhere}},
       {{36, kRemote, "pilot-api"}}},
      {"s5cmd-in-a-function",
       "asset-publish runs s5cmd for the first time; media-worker, another serverless service, uses it every day.",
       {{22, 15, "asset-publish", home, 0, agent::kS5cmd}},
       {{22, kCli, "asset-publish", "s5cmd"}}},
  };
}

std::vector<Story> container_thefts() {
  return {
      {"pod-key-at-a-hoster",
       "The key of the cart pod (IRSA) is used at a hosting network. Sign-ins from there had failed on the days "
       "before, which teaches "
       "nothing.",
       {{19, 3, "", network, asn::kHostingTwo, agent::kBrowser, Actor::failed_sign_in, 0, 6, false, kProduction},
        {20, 3, "", network, asn::kHostingTwo, agent::kBrowser, Actor::failed_sign_in, 0, 6, false, kProduction},
        {21, 4, "cart", network, asn::kHostingTwo, agent::kGo}},
       {{21, kEksRemote, "cart"}}},
      {"pod-identity-token-exchanged-outside",
       "The projected token of the pricing pod is carried away and exchanged for a key at a small hoster.",
       {{23, 20, "pricing", network, asn::kHoster + 2, agent::kPythonAnywhere, Actor::token_exchange}},
       {{23, kEksRemote, "pricing"}}},
      {"pod-key-at-home",
       "The key of the recommender pod (Pod Identity) is used from the home network that alice uses every day.",
       {{24, 19, "recommender", network, asn::kHome, agent::kPythonAnywhere}},
       {{24, kEksSuspicious, "recommender"}}},
      {"attack-tool-at-home",
       "The key of the fraud-score pod is used by TruffleHog from the same home network: the tool makes it strong.",
       {{32, 21, "fraud-score", network, asn::kHome, agent::kTruffleHog}},
       {{32, kEksRemote, "fraud-score"}}},
      {"task-key-over-ipv6",
       "The key of the checkout task is used over IPv6 at a hoster; a call on the shared account's bucket is in both "
       "trails.",
       {{20, 5, "checkout", network, asn::kHostingSix, agent::kNodeAnywhere, Actor::workload, 0, 4, true}},
       {{20, kEcsSuspicious, "checkout"}}},
      {"task-key-in-the-office",
       "The key of the search-indexer task is used from the office's network, where people work every day.",
       {{25, 17, "search-indexer", network, asn::kOffice, agent::kPythonAnywhere}},
       {{25, kEcsRemote, "search-indexer"}}},
      {"task-key-with-mc",
       "The key of the media-worker task is used with MinIO's mc at a small hoster; nothing here uses mc.",
       {{33, 12, "media-worker", network, asn::kHoster + 5, agent::kMc}},
       {{33, kEcsSuspicious, "media-worker"}, {33, kUnusual, "media-worker", "mc"}}},
      {"aws-cli-on-fargate",
       "catalog-import runs aws-cli on Fargate for the first time, as the build job does every day; the next two days "
       "are taken in, the "
       "sixth day after is a second alert.",
       {{24, 10, "catalog-import", home, 0, agent::kFargateCli},
        {25, 10, "catalog-import", home, 0, agent::kFargateCli},
        {26, 10, "catalog-import", home, 0, agent::kFargateCli},
        {30, 10, "catalog-import", home, 0, agent::kFargateCli}},
       {{24, kAwsCli, "catalog-import", "aws-cli"}, {30, kAwsCli, "catalog-import", "aws-cli"}}},
  };
}

std::vector<Story> other_thefts() {
  return {
      {"instance-key-at-a-hoster",
       "The key of a batch-fleet instance is used with aws-cli at a small hoster. A foreign account's call from there, "
       "two days before, "
       "teaches nothing. EC2 is not serverless: one alert.",
       {{26, 2, "", network, asn::kHoster + 3, agent::kLinuxCli, Actor::foreign_account, 0, 5, false, kShared},
        {28, 2, "batch-fleet", network, asn::kHoster + 3, agent::kLinuxCli}},
       {{28, kSuspicious, "batch-fleet"}}},
      {"build-key-at-a-hoster",
       "The key of the site-build job is used at a small hoster with aws-cli, which the job has always used: the "
       "command line says "
       "nothing, the place does. An anonymous call from there had taught nothing.",
       {{29, 6, "", network, asn::kHoster + 4, agent::kGo, Actor::anonymous, 0, 5, false, kProduction},
        {31, 7, "site-build", network, asn::kHoster + 4, agent::kLinuxCli}},
       {{31, kSuspicious, "site-build"}}},
      {"rclone-in-a-glue-job",
       "The key of warehouse-load is used with rclone from inside AWS; nobody here uses rclone.",
       {{27, 1, "warehouse-load", home, 0, agent::kRclone}},
       {{27, kUnusual, "warehouse-load", "rclone"}}},
      {"instance-key-late-in-the-trail",
       "The key of a web-fleet instance is used at a hosting network on one of the last days.",
       {{42, 18, "web-fleet", network, asn::kHostingThree, agent::kPythonAnywhere}},
       {{42, kSuspicious, "web-fleet"}}},
  };
}

// From where the workload itself calls, so that the place says nothing.
std::vector<Story> misuses() {
  constexpr unsigned kCalls = 2;
  return {
      {"instance-key-in-the-console",
       "The key of a web-fleet instance is turned into a console session, from the address of the instance itself.",
       {{33, 11, "web-fleet", home, 0, agent::kBrowser, Actor::workload, 0, kCalls, false, "",
         "signin:GetSigninToken"}},
       {{33, kConsole, "web-fleet"}}},
      {"attack-tool-in-the-cluster",
       "TruffleHog runs with the key of the pricing pod inside the cluster.",
       {{34, 5, "pricing", home, 0, agent::kTruffleHog}},
       {{34, kAttackTool, "pricing"}}},
      {"function-token-exchanged",
       "The key of invoice-render asks STS for a web identity token, which lives on without it.",
       {{34, 15, "invoice-render", home, 0, "", Actor::workload, 0, kCalls, false, "", "sts:GetWebIdentityToken"}},
       {{34, kExchanged, "invoice-render"}}},
      {"task-key-in-a-file",
       "The key of the checkout task was pasted into a credentials file, and is used with an SDK behind our own "
       "gateway.",
       {{35, 8, "checkout", home, 0, agent::kPythonFromFile}},
       {{35, kPasted, "checkout"}}},
      {"function-key-on-a-mac-with-an-sdk",
       "The key of thumbnailer is used by a script on macOS, behind our own gateway.",
       {{36, 20, "thumbnailer", home, 0, agent::kNodeOnMac}},
       {{36, kPlatform, "thumbnailer"}}},
  };
}

// Calls that name neither the token's key nor its place: what is known of the session decides.
std::vector<Story> by_session() {
  constexpr unsigned kCalls = 2;
  return {
      {"function-key-behind-the-console",
       "Somebody sits in a console session that was opened with the key of nightly-report; the sign-in itself is in no "
       "trail.",
       {{37, 11, "nightly-report", network, asn::kHoster + 10, agent::kBrowser, Actor::workload, 0, kCalls, false, "",
         "ec2:DescribeInstances", Way::console}},
       {{37, kConsole, "nightly-report"}}},
      {"function-key-asks-a-server",
       "The key of thumbnailer asks AWS's MCP server, behind our own gateway, and the server calls: one alert for "
       "both.",
       {{38, 10, "thumbnailer", home, 0, agent::kPythonAnywhere, Actor::workload, 0, kCalls, false, "",
         "sts:GetCallerIdentity", Way::asks},
        {38, 10, "thumbnailer", home, 0, agent::kPythonAnywhere, Actor::workload, 0, kCalls, false, "",
         "sts:GetCallerIdentity", Way::by_a_server}},
       {{38, kUnusual, "thumbnailer", "mcp"}}},
      {"person-asks-a-server",
       "carol asks AWS's MCP server from a hotel: a person's question.",
       {{39, 9, "carol", network, asn::kHotel, agent::kPythonAnywhere, Actor::person, 0, kCalls, false, "", "",
         Way::asks}},
       {}},
      {"instance-asks-a-server",
       "A script on a web-fleet instance asks the MCP server: an instance is not serverless.",
       {{39, 12, "web-fleet", home, 0, agent::kPythonAnywhere, Actor::workload, 0, kCalls, false, "",
         "sts:GetCallerIdentity", Way::by_a_server}},
       {}},
  };
}

std::vector<Story> harmless_places() {
  return {
      {"learned-partner-network",
       "partner-sync goes out through the partner's network every day since the first: learned.",
       {},
       {}},
      {"learned-network-of-an-edge-task", "edge-agent runs outside AWS every day since the first: learned.", {}, {}},
      {"another-prefix-of-a-learned-network",
       "partner-sync appears from another prefix of the same autonomous system.",
       {{20, 10, "partner-sync", network, asn::kPartner, "", Actor::workload, 1},
        {27, 10, "partner-sync", network, asn::kPartner, "", Actor::workload, 1}},
       {}},
      {"trusted-egress",
       "ledger-export is moved behind the datacentre's egress, which the operator lists in networks.trusted "
       "(203.0.113.192/27).",
       {{20, 12, "ledger-export", network, asn::kDatacentre},
        {21, 12, "ledger-export", network, asn::kDatacentre},
        {35, 12, "ledger-export", network, asn::kDatacentre}},
       {}},
      {"endpoint-of-another-account-of-ours",
       "catalog-cache of the shared account calls through a VPC endpoint of the production account.",
       {{25, 9, "catalog-cache", From::own_endpoint}},
       {}},
      {"amazon-by-its-asn",
       "nightly-report calls from an address that is Amazon's by its ASN, but not in the ranges file.",
       {{23, 2, "nightly-report", From::amazon_by_asn}},
       {}},
      {"before-activation",
       "nightly-report is used once at a small hoster on the seventh day, before its account is active: said in the "
       "activation report, "
       "not by an alert.",
       {{6, 13, "nightly-report", network, asn::kHoster + 6, agent::kPythonAnywhere}},
       {},
       true},
  };
}

std::vector<Story> harmless_callers() {
  return {
      {"forward-access-sessions", "AWS services call on behalf of every workload (invokedBy): AWS acting.", {}, {}},
      {"service-linked-roles", "Service-linked roles act in every account.", {}, {}},
      {"vendor-role",
       "A vendor's account assumes MonitoringIntegration and calls from its own network every two hours.",
       {},
       {}},
      {"build-job-with-aws-cli", "site-build uses aws-cli every day since the first.", {}, {}},
      {"new-function", "gift-cards is deployed 20 days before the end and calls from inside AWS with an SDK.", {}, {}},
      {"person-in-a-hotel",
       "carol, a single sign-on user, uses aws-cli on macOS from a hotel's network.",
       {{21, 20, "carol", network, asn::kHotel, agent::kMacCli, Actor::person},
        {22, 7, "carol", network, asn::kHotel, agent::kMacCli, Actor::person}},
       {}},
      {"iam-user-elsewhere",
       "backup-operator, an IAM user, calls from a network nobody here ever used.",
       {{34, 6, "backup-operator", network, asn::kHoster + 8, agent::kLinuxCli, Actor::person}},
       {}},
      {"managed-node",
       "A machine outside AWS uses a key that Systems Manager issued to it: not a workload of AWS.",
       {{22, 5, "", network, asn::kHoster + 9, agent::kEc2Agent, Actor::managed_node, 0, 4, false, kDevelopment},
        {23, 5, "", network, asn::kHoster + 9, agent::kEc2Agent, Actor::managed_node, 0, 4, false, kDevelopment}},
       {}},
      {"command-line-on-an-instance",
       "Somebody uses aws-cli on a web-fleet instance, inside AWS.",
       {{19, 16, "web-fleet", home, 0, agent::kLinuxCli}},
       {}},
      {"command-line-on-ecs-instances",
       "search-indexer runs aws-cli on ECS instances (AWS_ECS_EC2), which are not serverless.",
       {{27, 11, "search-indexer", home, 0, agent::kEcsOnEc2Cli}},
       {}},
      {"console-user-agents",
       "User agents of AWS's consoles, which embed aws-cli further on, with the key of warehouse-load.",
       {{20, 13, "warehouse-load", home, 0, agent::kRdsConsole},
        {20, 14, "warehouse-load", home, 0, agent::kS3Console}},
       {}},
  };
}

}  // namespace

const std::vector<Story>& stories() {
  static const std::vector<Story> kStories = [] {
    std::vector<Story> all;
    for (auto part : {lambda_thefts(), container_thefts(), other_thefts(), misuses(), by_session(), harmless_places(),
                      harmless_callers()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return kStories;
}

}  // namespace straykey
