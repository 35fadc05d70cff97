import { useState } from "react";
import { useTranslation } from "react-i18next";

/** A key's secret, which is shown this once. */
export function Secret({ keyId, secret }: { keyId: string; secret: string }) {
  const { t } = useTranslation();
  const [isCopied, setIsCopied] = useState(false);

  async function copy() {
    try {
      await navigator.clipboard.writeText(secret);
      setIsCopied(true);
    } catch {
      // It stands there to be copied by hand.
    }
  }

  return (
    <div className="note note-warn stack stack-close">
      <p>{t("partner.once")}</p>
      <dl className="facts">
        <dt>{t("partner.key")}</dt>
        <dd className="mono">{keyId}</dd>
        <dt>{t("partner.secret")}</dt>
        <dd className="mono">{secret}</dd>
      </dl>
      <div>
        <button type="button" className="button button-small" onClick={copy}>
          {isCopied ? t("partner.copied") : t("partner.copy")}
        </button>
      </div>
    </div>
  );
}
