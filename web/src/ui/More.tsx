import { useTranslation } from "react-i18next";
import { Failure } from "./states";

interface Paged {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly isFetchNextPageError: boolean;
  readonly error: unknown;
  readonly fetchNextPage: () => unknown;
}

/** Brings the next page of a list, where there is one. */
export function More({ of }: { of: Paged }) {
  const { t } = useTranslation();
  if (of.isFetchNextPageError) return <Failure error={of.error} retry={() => of.fetchNextPage()} />;
  if (!of.hasNextPage) return null;
  return (
    <div className="row">
      <button
        type="button"
        className="button"
        disabled={of.isFetchingNextPage}
        onClick={() => of.fetchNextPage()}
      >
        {of.isFetchingNextPage ? t("state.loading") : t("state.more")}
      </button>
    </div>
  );
}
