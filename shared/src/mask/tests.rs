//! What must be hidden, what must stay, and that hiding twice changes nothing.

use super::*;

fn mask(text: &str) -> String {
    Masker::new(b"key").mask(text)
}

/// The secret is gone, the rest stands.
fn hidden(text: &str, secret: &str) {
    assert!(text.contains(secret), "the case itself lacks {secret}");
    let masked = mask(text);
    assert!(!masked.contains(secret), "{text}\n  became {masked}");
    assert_eq!(mask(&masked), masked, "{text}");
}

fn stays(text: &str) {
    assert_eq!(mask(text), text);
}

#[test]
fn secrets_with_a_name_are_hidden_in_every_notation() {
    let s = "S3cr3t!x";
    for text in [
        "password=S3cr3t!x",
        "Password: S3cr3t!x",
        "  passwd = S3cr3t!x",
        "db_pwd: S3cr3t!x",
        "PASSWORD='S3cr3t!x'",
        "export MYSQL_ROOT_PASSWORD=\"S3cr3t!x\"",
        "userPw=S3cr3t!x",
        "DB_PASS=S3cr3t!x",
        "spring.datasource.password: S3cr3t!x",
        r#"{"user":"a","password":"S3cr3t!x","n":1}"#,
        r#"{"password" : "S3cr3t!x\"tail"}"#,
        r#"log: {\"password\":\"S3cr3t!x\"}"#,
        "<password>S3cr3t!x</password>",
        "<Password encrypted=\"no\"><![CDATA[S3cr3t!x]]></Password>",
        "<property name=\"dbPassword\" value=\"S3cr3t!x\"/>",
        "//nas/v /mnt cifs username=u,password=S3cr3t!x,_netdev 0 0",
        "jdbc:mysql://h/db?user=u&password=S3cr3t!x&ssl=true",
        "jdbc:sqlserver://h;user=u;password=S3cr3t!x;encrypt=true",
        "jdbc:oracle:thin:scott/S3cr3t!x@//h:1521/x",
        "비밀번호: S3cr3t!x",
        "비밀번호는 S3cr3t!x 입니다",
        "암호=S3cr3t!x",
        "인증키 : S3cr3t!x",
        "AWS_SECRET_ACCESS_KEY=S3cr3t!x",
        "AccountName=a;AccountKey=S3cr3t!x;EndpointSuffix=x",
        "api_key=S3cr3t!x",
        "client_secret: S3cr3t!x",
        "bindpw S3cr3t!x",
        "10.0.0.1 : PSK \"S3cr3t!x\"",
        "requirepass S3cr3t!x",
        "machine h login u password S3cr3t!x",
        "CREATE USER a IDENTIFIED BY 'S3cr3t!x'",
        "ALTER ROLE a PASSWORD 'S3cr3t!x'",
        "AuthLDAPBindPassword S3cr3t!x",
        "  AuthLDAPBindPassword \"S3cr3t!x\"",
        "SessionCryptoPassphrase S3cr3t!x",
        "OIDCClientSecret S3cr3t!x",
        "SetEnv DB_PASSWORD S3cr3t!x",
        "RequestHeader set Authorization \"Basic S3cr3t!x\"",
        "BalancerMember ajp://10.0.0.1:8009 route=n1 secret=S3cr3t!x",
        "worker.node1.secret=S3cr3t!x",
        "DBDParams \"host=db user=a pass=S3cr3t!x\"",
        "ProxyPass / http://user:S3cr3t!x@10.0.0.1:8080/",
        "rocommunity S3cr3t!x 10.0.0.0/8",
        "com2sec local localhost S3cr3t!x",
        "trapsink 10.0.0.1 S3cr3t!x",
        "Authorization: Basic S3cr3t!x",
        "Cookie: JSESSIONID=S3cr3t!x; a=b",
        "*.* :ommysql:db,logs,user,S3cr3t!x",
        "0 1 * * * root PGPASSWORD=S3cr3t!x pg_dump x",
        "rd.iscsi.password=S3cr3t!x",
    ] {
        hidden(text, s);
    }
}

#[test]
fn secrets_on_command_lines_are_hidden() {
    let s = "S3cr3t!x";
    for text in [
        "mysqldump -uroot -pS3cret db -pS3cr3t!x",
        "0 1 * * * root /usr/bin/mysql -u root -p'S3cr3t!x' db",
        "curl -u admin:S3cr3t!x http://h/",
        "curl --user admin:S3cr3t!x http://h/",
        "sshpass -p S3cr3t!x ssh h",
        "redis-server --requirepass S3cr3t!x",
        "redis-cli -h h -a S3cr3t!x ping",
        "x --password S3cr3t!x",
        "x --password=S3cr3t!x",
        "ldapsearch -D cn=a -w S3cr3t!x",
        "snmpwalk -v2c -c S3cr3t!x h",
        "ipmitool -H h -U a -P S3cr3t!x",
        "openssl enc -k S3cr3t!x",
        "openssl rsa -passin pass:S3cr3t!x",
        "echo S3cr3t!x | passwd --stdin root",
        "echo 'root:S3cr3t!x' | chpasswd",
        "sqlplus scott/S3cr3t!x@ORCL",
        "smbclient //h/s -U user%S3cr3t!x",
        "htpasswd -b /etc/f user S3cr3t!x",
        "wget https://u:S3cr3t!x@h/x",
        "proxy=http://u:p@S3cr3t!x@h:3128",
        "mongodb://u:S3cr3t!x@h/db",
        "redis://:S3cr3t!x@h:6379",
    ] {
        hidden(text, s);
    }
    let address = mask("baseurl=https://repo:rEpo-Pass-31@mirror.example.com/el8/");
    assert!(address.ends_with("]@mirror.example.com/el8/"), "{address}");
    assert_eq!(mask("mysql -pabcdef -P3306").matches("-P3306").count(), 1);
}

#[test]
fn keys_are_known_by_their_shape() {
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl";
    for text in [
        concat!("AK", "IAIOSFODNN7EXAMPLE"),
        "AIzaSyA1234567890abcdefghijklmnopqrstuvw",
        jwt,
        "$6$saltsalt$HhHhHhHhHhHhHhHhHhHh",
        "$2y$10$abcdefghijklmnopqrstuv",
        "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "grub.pbkdf2.sha512.10000.ABCDEF0123456789ABCD.0123456789ABCDEF",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1",
        "dGhpcyBpcyBhIHNlY3JldCB0b2tlbiBmb3IgdGVzdHMx",
        "gho_16C7e42F292c6912E7710c838347Ae178B4a",
    ] {
        hidden(&format!("a {text} b"), text);
        hidden(&format!("x=\"{text}\""), text);
    }
    hidden(&format!("Bearer {jwt}"), jwt);
    let pem = "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nQQ==\n-----END RSA PRIVATE KEY-----\nb\n";
    hidden(pem, "MIIE");
    let masked = mask(pem);
    assert!(masked.starts_with("a\n[가림:private_key#") && masked.ends_with("]\nb\n"), "{masked}");
    hidden("-----BEGIN OPENSSH PRIVATE KEY-----\nMIIE\nno end", "MIIE");
}

#[test]
fn personal_numbers_are_hidden_and_others_are_not() {
    // 900101-1234568 has a sound check digit; the dashed one needs none.
    for number in [
        "900101-1234568",
        "9001011234568",
        "200229-3123456",
        "4111-1111-1111-1111",
        "4111111111111111",
        "378282246310005",
        "010-1234-5678",
        "01012345678",
        "+82-10-1234-5678",
        "02-123-4567",
        "kim@example.co.kr",
        "11-23-456789-01",
    ] {
        hidden(&format!("고객 {number} 확인"), number);
        hidden(&format!("id={number},"), number);
        hidden(number, number);
    }
    for text in [
        "901301-1234567",
        "9001011234567",
        "4111-1111-1111-1112",
        "1795000000000000",
        "eth0: 4111111111111111 1 2 3 4 5 6 7",
        "127.0.0.1-2026-10-03-04:11:09",
        "user@1000.service loaded active",
        "Ciphers chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
        "KexAlgorithms curve25519-sha256@libssh.org",
        "*.* @@loghost.example.com:514",
        "uuid 2f0e5c2c-0101-4123-8123-123456789012",
    ] {
        stays(text);
    }
}

#[test]
fn settings_keep_their_meaning() {
    for text in [
        "PasswordAuthentication no",
        "PasswordAuthentication=no",
        "#PermitEmptyPasswords no",
        "PermitRootLogin prohibit-password",
        "PermitRootLogin without-password",
        "PASS_MAX_DAYS\t90",
        "PASS_MIN_LEN   8",
        "PASS_WARN_AGE 7",
        "password    requisite     pam_pwquality.so try_first_pass local_users_only retry=3 authtok_type=",
        "password    sufficient    pam_unix.so sha512 shadow nullok try_first_pass use_authtok",
        "auth        required      pam_faillock.so preauth silent deny=5 unlock_time=900",
        "passwd_tries=3",
        "kernel.randomize_va_space = 2",
        "net.ipv4.tcp_fastopen_key",
        "BOOT_IMAGE=(hd0,msdos1)/vmlinuz-5.14.0-427.el9.x86_64 root=/dev/mapper/rhel-root ro crashkernel=1G-4G:192M rd.lvm.lv=rhel/root",
        "root=UUID=2f0e5c2c-31a4-4f0e-9c7b-0c9f3a1f5b11 ro quiet",
        "passwd\t0\t0.80\t12.el9\tx86_64\tRed Hat, Inc.\t1700000000",
        "NetworkManager-config-server\t1\t1.46.0\t1.el9\tnoarch\tRed Hat, Inc.\t1700000000",
        "python3-pyOpenSSL\t0\t21.0.0\t1.el9\tnoarch\t(none)\t1700000000",
        "gpg-pubkey\t0\t5a6340b3\t6229229e\t(none)\t(none)\t1700000000",
        "systemd-ask-password-console.path loaded active waiting Dispatch Password Requests to Console Directory Watch",
        "dev-disk-by\\x2did-ata\\x2dVBOX_HARDDISK_VB8d3aef9b\\x2db0d0e2f3.device loaded active plugged",
        "gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-redhat-release",
        "sslclientkey = /etc/pki/entitlement/1234567890123456789-key.pem",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  file",
        "image sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "Failed password for invalid user admin from 10.0.0.1 port 22 ssh2",
        "keyfile /etc/chrony.keys",
        "MemAvailable:   24043588 kB",
        "/dev/mapper/rhel-root / xfs defaults 0 0",
        "server time.bora.net iburst",
        "비밀번호 변경 주기",
        "%wheel",
        "ops : TTY=pts/0 ; PWD=/home/ops ; USER=root ; COMMAND=/bin/su -",
        "/usr/sbin/chpasswd system_u:object_r:passwd_exec_t:s0",
        "#RateLimitIntervalSec=30s",
        "Failed publickey for a from 10.0.0.1 ssh2: RSA SHA256:dGhpcyBpcyBhIHNlY3JldCB0b2tlbiBmb3IgdGVzdHMx",
        "/dev/disk/by-id/dm-uuid-LVM-kJ3xQ9ZbT7mWc2VfY8sLpR4nHdG6uAeX",
        "",
    ] {
        stays(text);
    }
}

#[test]
fn masks_are_comparable_and_counted() {
    let mut masker = Masker::new(b"key");
    let one = masker.mask("password=hunter2 \ntoken: hunter2");
    let (first, second) = one.split_once('\n').unwrap();
    assert_eq!(&first[first.len() - 8..].trim_end(), &&second[second.len() - 7..], "{one}");
    assert_eq!(masker.counts.values().sum::<u64>(), 2);
    assert_ne!(Masker::new(b"other").mask("password=hunter2"), mask("password=hunter2"));
}

#[test]
fn the_customers_own_words_and_patterns_are_hidden() {
    let mut masker = Masker::new(b"key");
    masker.deny_keyword("acme");
    masker.deny_pattern("^internal:").unwrap();
    assert!(masker.deny_pattern("(").is_err());
    let masked = masker.mask("host acme01\ninternal: x y\nplain");
    assert!(!masked.contains("acme") && !masked.contains("x y"), "{masked}");
    assert!(masked.ends_with("\nplain"));
    assert_eq!(masker.mask(&masked), masked);
}

mod properties {
    use proptest::prelude::*;

    use super::mask;

    /// Places where a secret may stand, `{}` for the secret.
    const PLACES: &[&str] = &[
        "password={}",
        "x DB_PASSWORD='{}' y",
        "password: \"{}\"",
        "{\"token\":\"{}\"}",
        "<password>{}</password>",
        "https://user:{}@host/",
        "mysql -p{} db",
        "curl -u a:{} http://h",
        "비밀번호: {}",
        "bindpw {}",
        "Authorization: Bearer {}",
        "0 1 * * * root PGPASSWORD={} pg_dump",
        "//nas/v /mnt cifs username=u,password={},_netdev 0 0",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn a_planted_secret_never_comes_out(
            place in 0..PLACES.len(),
            secret in "Zq[A-Za-z0-9!#%^*+_.~]{7,30}9k",
            before in "[ -~가-힣]{0,20}\n",
        ) {
            let text = format!("{before}{}\nafter\n", PLACES[place].replace("{}", &secret));
            let masked = mask(&text);
            prop_assert!(!masked.contains(&secret), "{} -> {}", text, masked);
            prop_assert!(masked.ends_with("\nafter\n"));
            prop_assert_eq!(mask(&masked), masked);
        }

        #[test]
        fn masking_twice_changes_nothing(
            text in "(password|token|비밀번호|-p|-u|://|@|=|:|,|;|'|\"| |\\n|<|>|&|[a-z0-9가-힣]{1,8}|\\[가림:x#aaaaaa\\]){0,24}",
        ) {
            let masked = mask(&text);
            prop_assert_eq!(mask(&masked), masked);
        }

        #[test]
        fn any_text_is_survived(text in "\\PC{0,200}") {
            let masked = mask(&text);
            prop_assert_eq!(mask(&masked), masked);
        }
    }
}

#[test]
fn secrets_of_drbd_and_galera_are_hidden() {
    for text in [
        "    shared-secret \"Wire-9!x\";",
        "net { cram-hmac-alg sha1; shared-secret Wire-9!x; }",
        "wsrep_sst_auth=sst:Wire-9!x",
        "wsrep-sst-auth = \"sst:Wire-9!x\"",
    ] {
        hidden(text, "Wire-9!x");
    }
    stays("    cram-hmac-alg \"sha1\";");
    stays("wsrep_sst_method = mariabackup");
}
