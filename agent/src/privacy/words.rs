//! Words that are nobody's name: of products, of commands, of this program's own facts. An account
//! `tomcat` or a host `db` says what it is for, and replacing such words everywhere would make the
//! evidence unreadable.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::probes;

/// Words of the trade.
const COMMON: &str = "root admin administrator test tester user users guest oracle mysql mariadb java \
    tomcat jboss wildfly apache nginx httpd postgres postgresql app apps application was web www db \
    database dba dev devel prod production stage staging ops oper operator data backup batch deploy \
    service services server servers client local localhost localdomain localdomain4 localdomain6 \
    localhost4 localhost6 linux centos redhat rhel rocky almalinux fedora home var log logs tmp opt \
    usr etc bin sbin lib run main master slave primary secondary replica node nodes cluster default \
    true false yes no on off none all any public private internal external system kernel daemon \
    nobody mail ftp ssh sshd sudo cron nfs smb http https tcp udp ip lo eth0 host hosts name names \
    monitor monitoring agent carepack jenkins gitlab docker podman ansible zabbix nagios prometheus \
    elastic redis kafka vagrant ec2-user cloud-user core ip6-localhost ip6-loopback gateway router \
    build repo repository mirror proxy cache api cdn ntp time dns ns ns1 ns2 smtp imap pop ldap vpn gw \
    fw lb vip git svn wiki portal file files print report backup1 update updates rpm debug source \
    com org net example invalid lan corp intranet domain";

static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let specs = carepack_facts::catalogue().map(|spec| spec.key.to_owned());
    let reads = probes::all().iter().flat_map(|probe| probe.reads).map(|read| read.source().key());
    let patterns = carepack_shared::patterns::embedded().into_iter().map(|pattern| pattern.id);
    let ours = specs.chain(reads).chain(patterns);
    let mut words: HashSet<String> = COMMON.split_ascii_whitespace().map(str::to_owned).collect();
    for text in ours {
        let parts = text.split(|c: char| !c.is_ascii_alphanumeric());
        words.extend(parts.filter(|part| part.len() > 1).map(str::to_ascii_lowercase));
    }
    words
});

/// Whether a word, in small letters, is nobody's name.
pub(super) fn is_common(word: &str) -> bool {
    WORDS.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit())
}
